"""Shapes: the same elements elsewhere."""

from __future__ import annotations

from rushlight._C import torch
from rushlight._C.torch import broadcast_to, moveaxis, tile

from ._dtypes import alike

__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "tile",
    "unstack",
]


def broadcast_arrays(*arrays):
    """The arrays with their common shape."""
    return tuple(torch.broadcast_tensors(*arrays))


def concat(arrays, /, *, axis=0):
    """The arrays one behind another, all flattened if `axis` is None."""
    arrays = alike(*arrays)
    if axis is None:
        return torch.cat([x.flatten() for x in arrays])
    return torch.cat(arrays, axis)


def expand_dims(x, /, axis):
    """The array with new axes of size one at these positions of the result."""
    axes = (axis,) if isinstance(axis, int) else axis
    rank = x.dim() + len(axes)
    if any(not -rank <= a < rank for a in axes):
        raise IndexError(f"expand_dims: axis {axis} is out of range for {rank} dimensions")
    positions = sorted(a % rank for a in axes)
    if len(set(positions)) < len(positions):
        raise ValueError(f"expand_dims: axis {axis} names a position twice")
    for position in positions:
        x = x.unsqueeze(position)
    return x


def flip(x, /, *, axis=None):
    """The elements of some axes in reverse order, of all if `axis` is None."""
    return torch.flip(x, tuple(range(x.dim())) if axis is None else axis)


def permute_dims(x, /, axes):
    """The axes in another order."""
    return torch.permute(x, axes)


def repeat(x, repeats, /, *, axis=None):
    """Each element several times, along an axis or flattened."""
    return torch.repeat_interleave(x, repeats, axis)


def reshape(x, /, shape, *, copy=None):
    """The elements in another shape: over the same memory where that is possible and wanted."""
    if copy is False:
        return x.view(shape)
    return torch.reshape(x.clone() if copy else x, shape)


def roll(x, /, shift, *, axis=None):
    """The elements moved along axes, those beyond the end put at the beginning."""
    return torch.roll(x, shift, axis)


def squeeze(x, /, axis):
    """The array without these axes, whose size must be one."""
    axes = (axis,) if isinstance(axis, int) else axis
    for one in axes:
        if x.shape[one] != 1:
            raise ValueError(f"squeeze: axis {one} has size {x.shape[one]}, not 1")
    return torch.squeeze(x, axes)


def stack(arrays, /, *, axis=0):
    """The arrays along a new axis."""
    return torch.stack(alike(*arrays), axis)


def unstack(x, /, *, axis=0):
    """The slices along an axis."""
    return tuple(torch.unbind(x, axis))
