"""Wrappers for several devices: with one CPU, DataParallel calls the module as it is."""

from __future__ import annotations

from rushlight.nn.modules.module import Module

__all__ = ["DataParallel", "DistributedDataParallel"]


class DataParallel(Module):
    """Calls `module`; there are no further devices to split a batch over. Names in its state begin
    with 'module.', as PyTorch's do."""

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module
        self.device_ids = []
        self.dim = dim

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """For training in several processes, which rushlight does not do: making one is an error."""

    def __init__(self, module, *args, **kwargs):
        raise RuntimeError(
            "DistributedDataParallel: rushlight trains in one process; start the program without "
            "torchrun, or use the module itself"
        )
