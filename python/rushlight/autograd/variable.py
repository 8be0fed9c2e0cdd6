"""`Variable`, which older programs wrap tensors in: a tensor is one by itself."""

from __future__ import annotations

from rushlight import _C

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, instance) -> bool:
        return isinstance(instance, _C.Tensor)

    def __call__(cls, data=None, requires_grad=False, volatile=False):
        tensor = _C.torch.empty(0) if data is None else data.detach() if requires_grad else data
        return tensor.requires_grad_() if requires_grad else tensor


class Variable(metaclass=_VariableMeta):
    """Gives its tensor back, as a leaf that requires a gradient if so asked."""
