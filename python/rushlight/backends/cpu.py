"""torch.backends.cpu: what the processor can do."""

from __future__ import annotations


def get_cpu_capability() -> str:
    """'DEFAULT': kernels are chosen for the processor each time they run."""
    return "DEFAULT"
