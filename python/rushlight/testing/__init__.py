"""For tests: `assert_close` compares tensors, `make_tensor` draws some."""

from .comparison import assert_close
from .creation import make_tensor

__all__ = ["assert_close", "make_tensor"]
