"""How checkpoints are read and written; `rushlight.serialization` is the public side.

`files` opens and replaces files, `archive` is the zip container, `legacy` the container before
PyTorch 1.6, `unpickler` reads pickles without executing anything, `pickler` writes them with
PyTorch's names, `rebuild` turns records into tensors, `names` ties PyTorch's names to ours.
"""
