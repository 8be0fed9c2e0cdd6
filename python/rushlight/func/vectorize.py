"""vmap: a function of one sample called with a whole batch."""

from __future__ import annotations

import functools
from typing import Any

from rushlight import _C
from rushlight._pytree import flatten, spread, unflatten

_Tensor = _C.Tensor


def vmap(func, in_dims: Any = 0, out_dims: Any = 0, randomness="error", *, chunk_size=None):
    """`func`, written for one sample, as a function of batches.

    in_dims: which axis of each argument counts the samples, None for arguments that all samples
    share; one number for all, or a tree like the arguments. out_dims: where the axis is put in the
    results. randomness: "error", "different" or "same" for what draws random numbers. chunk_size:
    how many samples are computed at once, None for all.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def batched(*args, **kwargs):
        leaves, structure = flatten((args, kwargs))
        axes = _axes(in_dims, args, leaves)
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, _Tensor)]
        call = _Call(func, leaves, structure, places, randomness)
        dims = [axes[i] for i in places]
        tensors = tuple(leaves[i] for i in places)
        _check_sizes(tensors, dims)
        outputs = call.in_chunks(tensors, dims, chunk_size)
        return _placed(outputs, call.result, out_dims)

    return batched


def _is_axis(value) -> bool:
    return value is None or isinstance(value, int)


def _axes(in_dims, args, leaves):
    """The axis of every leaf of (args, kwargs); keyword arguments have theirs in front."""
    wanted = in_dims if _is_axis(in_dims) else tuple(in_dims)
    axes = spread(wanted, args, _is_axis)
    if axes is None:
        raise ValueError(
            f"vmap: in_dims must be an int, None, or like the arguments; got in_dims={in_dims!r} "
            f"for {len(args)} arguments"
        )
    return axes + [0] * (len(leaves) - len(axes))


def _check_sizes(tensors, dims) -> None:
    sizes = set()
    for tensor, axis in zip(tensors, dims, strict=True):
        if axis is None:
            continue
        if not -tensor.dim() <= axis < tensor.dim():
            raise ValueError(
                f"vmap: Got in_dim={axis} for a tensor of dimensionality {tensor.dim()}; it must "
                f"satisfy -{tensor.dim()} <= in_dim < {tensor.dim()}"
            )
        sizes.add(tensor.shape[axis])
    if not sizes:
        raise ValueError("vmap: got no inputs to map over; at least one Tensor needs an in_dim")
    if len(sizes) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sorted(sizes)} for the mapped dimension"
        )


class _Call:
    """One call: puts samples where the batches stood, and remembers how results are nested."""

    def __init__(self, func, leaves, structure, places, randomness) -> None:
        self.func, self.leaves, self.structure = func, leaves, structure
        self.places, self.randomness = places, randomness

    def __call__(self, *tensors):
        leaves = list(self.leaves)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = unflatten(leaves, self.structure)
        results, self.result = flatten(self.func(*args, **kwargs))
        for one in results:
            if not isinstance(one, _Tensor):
                raise ValueError(
                    f"vmap: the function must only return Tensors, got type {type(one)}"
                )
        return tuple(results)

    def in_chunks(self, tensors, dims, size):
        run = _C.autograd.vmap
        samples = next(t.shape[d] for t, d in zip(tensors, dims, strict=True) if d is not None)
        if size is None or size >= samples:
            return run(self, tensors, dims, self.randomness)
        parts = []
        for start in range(0, samples, size):
            count = min(size, samples - start)
            some = tuple(
                t if d is None else t.narrow(d, start, count)
                for t, d in zip(tensors, dims, strict=True)
            )
            parts.append(run(self, some, dims, self.randomness))
        return tuple(_C.torch.cat(column) for column in zip(*parts, strict=True))


def _placed(outputs, structure, out_dims):
    tree = unflatten(outputs, structure)
    axes = spread(out_dims, tree, _is_axis)
    if axes is None:
        raise ValueError(f"vmap: out_dims={out_dims!r} is not like the function's results")
    moved = [
        value[0] if axis is None else value if axis == 0 else value.movedim(0, axis)
        for value, axis in zip(outputs, axes, strict=True)
    ]
    return unflatten(moved, structure)
