"""Where elements are: picking, searching, sorting, sets."""

from __future__ import annotations

from typing import NamedTuple

from rushlight._C import Tensor, torch

from ._dtypes import alike

__all__ = [
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "isin",
    "nonzero",
    "searchsorted",
    "sort",
    "take",
    "take_along_axis",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "where",
]


def take(x, indices, /, *, axis=None):
    """The elements of an axis at these positions."""
    if axis is None:
        if x.dim() != 1:
            raise ValueError(f"take: {x.dim()} dimensions need an axis")
        axis = 0
    from_start = torch.where(indices < 0, indices + x.shape[axis], indices)
    return torch.index_select(x, axis, from_start)


def take_along_axis(x, indices, /, *, axis=-1):
    """The elements of an axis at positions that each have their own."""
    return torch.take_along_dim(x, indices.to(int), axis)


def where(condition, x1, x2, /):
    """x1 where the condition holds, x2 elsewhere."""
    return torch.where(condition, *alike(x1, x2))


def argmax(x, /, *, axis=None, keepdims=False):
    """Where the first of the largest elements is."""
    return torch.argmax(x, axis, keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    """Where the first of the smallest elements is."""
    return torch.argmin(x, axis, keepdims)


def nonzero(x, /):
    """The positions of the elements that are not zero, an array for each axis."""
    if x.dim() == 0:
        raise ValueError("nonzero: an array without dimensions has no positions")
    return tuple(torch.nonzero(x, as_tuple=True))


def count_nonzero(x, /, *, axis=None, keepdims=False):
    """How many elements are not zero."""
    from ._statistics import sum

    return sum(x != 0, axis=axis, keepdims=keepdims)


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    """Where in the sorted x1 the elements of x2 belong."""
    x1, x2 = alike(x1, x2)
    return torch.searchsorted(x1, x2, side=side, sorter=sorter)


def isin(x1, x2, /, *, invert=False):
    """Whether each element of x1 is one of x2's."""
    x1, x2 = alike(x1, x2)
    return torch.isin(x1, x2, invert=invert)


def sort(x, /, *, axis=-1, descending=False, stable=True):
    """The elements along an axis in ascending or descending order."""
    return torch.sort(x, dim=axis, descending=descending, stable=stable)[0]


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    """Where the elements of the sorted axis come from."""
    return torch.argsort(x, dim=axis, descending=descending, stable=stable)


class UniqueAll(NamedTuple):
    """The distinct elements: where each is first, which is where, how often."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The distinct elements, and how often each is there."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The distinct elements, and which of them stands where."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x, /):
    """The distinct elements in order: where each is first, which is where, how often."""
    values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
    order = torch.argsort(inverse.flatten(), stable=True)
    first = order[torch.cumsum(counts, 0) - counts]
    return UniqueAll(values, first, inverse, counts)


def unique_counts(x, /):
    """The distinct elements in order, and how often each is there."""
    return UniqueCounts(*torch.unique(x, return_counts=True))


def unique_inverse(x, /):
    """The distinct elements in order, and which of them stands where."""
    return UniqueInverse(*torch.unique(x, return_inverse=True))


def unique_values(x, /):
    """The distinct elements in order."""
    return torch.unique(x)
