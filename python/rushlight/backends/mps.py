"""torch.backends.mps: Apple's GPUs, which rushlight does not use."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False


def is_built() -> bool:
    """False."""
    return False


def is_macos13_or_newer(minor=0) -> bool:
    """False."""
    return False
