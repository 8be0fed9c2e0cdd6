"""torch.backends.mkldnn: oneDNN, which rushlight uses where it was built with it."""

from __future__ import annotations

import contextlib

enabled = True
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False: there are no tensors in oneDNN's own layouts."""
    return False


@contextlib.contextmanager
def flags(enabled=False, deterministic=False, allow_tf32=True, fp32_precision="none"):
    """A block with other settings: nothing changes."""
    yield
