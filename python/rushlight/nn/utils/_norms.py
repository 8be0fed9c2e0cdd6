"""The formulas of weight norm and spectral norm."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F

Tensor = _C.Tensor


def norm_except(weight: Tensor, axis: int | None) -> Tensor:
    """The 2-norm over all axes but one, which keeps its place; None or -1: over all axes."""
    if axis is None or axis == -1:
        return weight.norm()
    others = [i for i in range(weight.dim()) if i != axis % weight.dim()]
    return weight.norm(2, others, keepdim=True)


def weight_from(magnitude: Tensor, direction: Tensor, axis: int | None) -> Tensor:
    """magnitude * direction / |direction|"""
    return direction * (magnitude / norm_except(direction, axis))


def as_matrix(weight: Tensor, axis: int) -> Tensor:
    """[outputs, rest], where `axis` holds the outputs."""
    return weight.movedim(axis, 0).flatten(1) if weight.dim() > 1 else weight


def drawn_direction(weight: Tensor, size: int, eps: float) -> Tensor:
    """A random vector of length 1, with the dtype of the weight."""
    vector = _C.torch.empty(size, dtype=weight.dtype, device=weight.device)
    return F.normalize(vector.normal_(0, 1), dim=0, eps=eps)
