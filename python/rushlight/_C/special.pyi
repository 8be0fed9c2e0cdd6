# Written by tools/make_stubs.py.
# mypy: disable-error-code="overload-overlap,overload-cannot-match,override"
from builtins import int as _int
from typing import Any

from rushlight._C import Tensor, _dtype

def log_softmax(
    input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Any = None
) -> Tensor: ...
def softmax(
    input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Any = None
) -> Tensor: ...
