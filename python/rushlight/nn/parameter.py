"""Tensors that a module knows as its own: parameters, buffers, and those without a shape yet."""

from __future__ import annotations

from collections import OrderedDict

from rushlight import _C

Tensor = _C.Tensor


def _as_class(cls, data, requires_grad):
    """The memory of `data` as a leaf tensor of class `cls`."""
    if data is None:
        data = _C.torch.empty(0)
    elif not isinstance(data, Tensor):
        raise TypeError(f"{cls.__name__}(data): data is a Tensor, not {type(data).__name__}")
    tensor = Tensor.__new__(cls, data.detach())
    tensor.requires_grad = requires_grad
    return tensor


class Parameter(Tensor):
    """A tensor that becomes one of a module's parameters when it is assigned to an attribute.

    Shares the memory of `data`; `requires_grad` is True unless told otherwise.
    """

    def __new__(cls, data=None, requires_grad=True):
        return _as_class(cls, data, requires_grad)

    def __deepcopy__(self, memo):
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(_C.torch.clone(self.data), self.requires_grad)
        copied.__dict__.update(self.__dict__)
        memo[id(self)] = copied
        return copied

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol):
        return _rebuild_parameter, (self.data, self.requires_grad, OrderedDict(), self.__dict__)


def _rebuild_parameter(data, requires_grad, backward_hooks, attributes=None):
    """Makes a parameter again from what `pickle` kept of it."""
    parameter = Parameter(data, requires_grad)
    parameter.__dict__.update(attributes or {})
    return parameter


class Buffer(Tensor):
    """A tensor that becomes one of a module's buffers when it is assigned to an attribute.

    Buffers are state that is not trained; `persistent` tells if `state_dict` has it.
    """

    def __new__(cls, data=None, *, persistent=True):
        buffer = _as_class(cls, data, data is not None and data.requires_grad)
        buffer.persistent = persistent
        return buffer


class UninitializedTensorMixin:
    """A parameter or buffer whose shape is only known at the first `forward`."""

    def materialize(self, shape, device=None, dtype=None) -> None:
        """Becomes an ordinary parameter or buffer of this shape; its values are arbitrary."""
        data = self.data
        self.data = _C.torch.empty(shape, device=device or data.device, dtype=dtype or data.dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        """Not known yet: reading it raises a RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. Call `forward` once, "
            "so that the module learns its shape; load_state_dict() cannot copy such a tensor "
            "into an initialized one."
        )

    def share_memory_(self):
        """Impossible without a shape: raises a RuntimeError."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` once "
            "before `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            data = self.data
            memo[id(self)] = type(self)(self.requires_grad, data.device, data.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, self.data.device, self.data.dtype)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter without a shape; lazy layers give it one at their first `forward`."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return _as_class(cls, _C.torch.empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer without a shape; lazy layers give it one at their first `forward`."""

    cls_to_become = Buffer

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        buffer = _as_class(cls, _C.torch.empty(0, device=device, dtype=dtype), requires_grad)
        buffer.persistent = persistent
        return buffer


def is_lazy(param) -> bool:
    """True for a parameter or buffer that has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)
