"""The recorded graph: its nodes, and where tensors saved for backward are kept."""

from __future__ import annotations

import contextlib

from rushlight import _C

__all__ = ["Node", "save_on_cpu"]

Node = _C.autograd.Node


class save_on_cpu(contextlib.nullcontext):
    """Saved tensors are in the CPU's memory in any case: nothing changes inside the block."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__()
