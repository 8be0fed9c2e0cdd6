"""Functions of torch.nn.functional that are put together from others."""
