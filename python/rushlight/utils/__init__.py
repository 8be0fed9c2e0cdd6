"""Tools around models: data sets and loaders, checkpoints of activations."""
