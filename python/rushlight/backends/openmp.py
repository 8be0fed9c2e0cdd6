"""torch.backends.openmp: OpenMP, in whose place rushlight has threads of its own."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
