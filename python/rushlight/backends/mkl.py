"""torch.backends.mkl: Intel's MKL, which rushlight does not use."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
