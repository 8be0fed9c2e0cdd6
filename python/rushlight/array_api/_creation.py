"""New arrays."""

from __future__ import annotations

from rushlight import _C
from rushlight._C import torch

from ._dtypes import check_device

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]

empty, ones, zeros = torch.empty, torch.ones, torch.zeros
empty_like, ones_like, zeros_like = torch.empty_like, torch.ones_like, torch.zeros_like
full_like = torch.full_like


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    """Numbers, nested sequences and arrays as an array; shared where `copy` does not forbid it."""
    return torch.asarray(obj, dtype=dtype, device=device, copy=copy)


def full(shape, fill_value, *, dtype=None, device=None):
    """An array of one value."""
    shape = (shape,) if isinstance(shape, int) else shape
    return torch.full(shape, fill_value, dtype=dtype, device=device)


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    """Numbers from start (or 0) up to stop, which is not among them; none if stop lies behind."""
    if stop is None:
        start, stop = 0, start
    if step != 0 and (stop - start) * step <= 0:
        whole = all(isinstance(number, int) for number in (start, stop, step))
        dtype = dtype or (_C.int64 if whole else _C.get_default_dtype())
        return torch.empty((0,), dtype=dtype, device=device)
    return torch.arange(start, stop, step, dtype=dtype, device=device)


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    """`num` numbers from start to stop, equally far apart; stop is the last if `endpoint`."""
    if endpoint:
        return torch.linspace(start, stop, num, dtype=dtype, device=device)
    return torch.linspace(start, stop, num + 1, dtype=dtype, device=device)[:num]


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    """Ones on the diagonal `k` above the main one, zeros elsewhere."""
    made = torch.zeros((n_rows, n_rows if n_cols is None else n_cols), dtype=dtype, device=device)
    if -n_rows < k < made.shape[1]:
        made.diagonal(k).fill_(1)
    return made


def from_dlpack(x, /, *, device=None, copy=None):
    """An array over the memory of another library's, or with its own memory if `copy`."""
    check_device(device)
    return torch.from_dlpack(x, copy=copy)


def meshgrid(*arrays, indexing="xy"):
    """The coordinates of a grid, an array for each axis."""
    return tuple(torch.meshgrid(*arrays, indexing=indexing)) if arrays else ()


def tril(x, /, *, k=0):
    """The matrices with zeros above the diagonal `k`."""
    return torch.tril(x, k)


def triu(x, /, *, k=0):
    """The matrices with zeros below the diagonal `k`."""
    return torch.triu(x, k)
