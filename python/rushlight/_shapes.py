"""Arithmetic with shapes."""

from __future__ import annotations

from ._C import ShapeError, Size


def broadcast_shapes(*shapes):
    """The shape of the result of an element-wise op on tensors of these shapes."""
    shapes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    result = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for i in range(-len(shape), 0):
            if shape[i] < 0 or (shape[i] != 1 and result[i] not in (1, shape[i])):
                listed = ", ".join(str(list(shape)) for shape in shapes)
                raise ShapeError(f"broadcast_shapes: the shapes do not go together: {listed}")
            if shape[i] != 1:
                result[i] = shape[i]
    return Size(result)
