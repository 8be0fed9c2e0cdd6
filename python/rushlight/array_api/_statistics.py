"""One number of many: sums, means, extremes, truth; and running sums."""

from __future__ import annotations

from rushlight import _C
from rushlight._C import torch

__all__ = [
    "all",
    "any",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]


def _over(reduce, x, axis, keepdims, **options):
    """reduce(x) over an axis, several, all (None) or none (each element by itself)."""
    if axis is None:
        axis = tuple(range(x.dim()))
    if axis == ():
        return reduce(x.unsqueeze(-1), dim=-1, **options)
    return reduce(x, dim=axis, keepdim=keepdims, **options)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):
    """The sum over some axes; of whole numbers and booleans as int64."""
    return _over(torch.sum, x, axis, keepdims, dtype=dtype)


def mean(x, /, *, axis=None, keepdims=False):
    """The mean over some axes."""
    return _over(torch.mean, x, axis, keepdims)


def max(x, /, *, axis=None, keepdims=False):
    """The largest element over some axes."""
    return _over(torch.amax, x, axis, keepdims)


def min(x, /, *, axis=None, keepdims=False):
    """The smallest element over some axes."""
    return _over(torch.amin, x, axis, keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The variance over some axes; the sum of squares is divided by count - correction."""
    return _over(torch.var, x, axis, keepdims, correction=correction)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    """The standard deviation over some axes."""
    return _over(torch.std, x, axis, keepdims, correction=correction)


def all(x, /, *, axis=None, keepdims=False):
    """Whether all elements over some axes are true."""
    return _over(torch.all, x.to(_C.bool), axis, keepdims)


def any(x, /, *, axis=None, keepdims=False):
    """Whether any element over some axes is true."""
    return _over(torch.any, x.to(_C.bool), axis, keepdims)


def _prod_of_axes(x, dim, keepdim=False, dtype=None):
    axes = (dim,) if isinstance(dim, int) else dim
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = torch.prod(x, axis, keepdim, dtype=dtype)
    return x


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    """The product over some axes; of whole numbers and booleans as int64."""
    return _over(_prod_of_axes, x, axis, keepdims, dtype=dtype)


def _running(compute, first, x, axis, dtype, include_initial):
    if axis is None:
        if x.dim() != 1:
            raise ValueError(f"{compute.__name__}: {x.dim()} dimensions need an axis")
        axis = 0
    found = compute(x, axis, dtype=dtype)
    if not include_initial:
        return found
    shape = list(found.shape)
    shape[axis] = 1
    return torch.cat([torch.full(shape, first, dtype=found.dtype), found], axis)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    """The sums of the elements up to each one, behind a zero if `include_initial`."""
    return _running(torch.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    """The products of the elements up to each one, behind a one if `include_initial`."""
    return _running(torch.cumprod, 1, x, axis, dtype, include_initial)


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None):
    """The differences of neighbours along an axis, `n` times."""
    return torch.diff(x, n=n, dim=axis, prepend=prepend, append=append)
