"""torch.backends.cudnn: settings for NVIDIA GPUs, kept and ignored."""

from __future__ import annotations

import contextlib

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True
fp32_precision = "none"


def is_available() -> bool:
    """False: there is no GPU."""
    return False


def is_acceptable(tensor) -> bool:
    """False: no tensor is on a GPU."""
    return False


def version():
    """None: cuDNN is not there."""
    return None


@contextlib.contextmanager
def flags(enabled=False, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True):
    """A block with other settings: nothing changes."""
    yield
