"""Tensors from records: PyTorch's rebuilding functions, under its names.

A record's storage arrives as a `Storage`; tensors over the same storage share its memory.
"""

from __future__ import annotations

import math

from rushlight import _C

from .names import NAME_OF_DTYPE

IoError = _C.IoError
_MOST_ELEMENTS = 2**62


class Storage:
    """The bytes of one storage and the flat tensors that show them, one for each element type."""

    __slots__ = ("data", "dtype", "_flat")

    def __init__(self, data, dtype):
        self.data = data
        self.dtype = dtype
        self._flat = {}

    def flat(self, dtype):
        """All bytes as a 1-d tensor of `dtype`."""
        tensor = self._flat.get(dtype)
        if tensor is None:
            count = len(self.data) // dtype.itemsize
            if count == 0:
                tensor = _C.torch.empty((0,), dtype=dtype)
            else:
                tensor = _C.torch.frombuffer(self.data, dtype=dtype, count=count)
            self._flat[dtype] = tensor
        return tensor


def _check_numbers(what, numbers):
    fine = isinstance(numbers, tuple) and all(type(n) is int and n >= 0 for n in numbers)
    if not fine:
        raise IoError(f"load: a tensor's {what} should be a tuple of sizes, the file has {numbers}")


def _view(storage, dtype, offset, size, stride):
    if not isinstance(storage, Storage):
        raise IoError("load: a tensor without a storage: the file is damaged or hostile")
    _check_numbers("size", size)
    _check_numbers("stride", stride)
    _check_numbers("offset", (offset,))
    if len(size) != len(stride):
        raise IoError(f"load: a tensor has size {size} and stride {stride}: not of one length")
    flat = storage.flat(dtype)
    count = math.prod(size)
    if count == 0:
        return flat[:0].view(size)
    if count > _MOST_ELEMENTS:
        raise IoError(f"load: a tensor of size {size} is larger than any memory")
    reach = sum((n - 1) * s for n, s in zip(size, stride)) + 1
    if offset + reach > flat.numel():
        raise IoError(
            f"load: a tensor of size {size}, stride {stride} at {offset} reaches beyond its "
            f"storage of {flat.numel()} {NAME_OF_DTYPE[dtype]} elements: the file is damaged"
        )
    if _is_contiguous(size, stride):
        return flat[offset : offset + count].view(size)
    return flat.as_strided(size, stride, offset)


def _is_contiguous(size, stride) -> bool:
    expected = 1
    for n, s in zip(reversed(size), reversed(stride)):
        if n != 1 and s != expected:
            return False
        expected *= n
    return True


def _with_grad(tensor, requires_grad):
    return tensor.requires_grad_() if requires_grad else tensor


def _rebuild_tensor(storage, storage_offset, size, stride):
    dtype = getattr(storage, "dtype", None)
    return _view(storage, dtype, storage_offset, size, stride)


def _rebuild_tensor_v2(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata=None
):
    tensor = _rebuild_tensor(storage, storage_offset, size, stride)
    return _with_grad(tensor, requires_grad)


def _rebuild_tensor_v3(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None
):
    if dtype not in NAME_OF_DTYPE:
        raise IoError(f"load: a tensor's dtype is {dtype!r}: the file is damaged or hostile")
    return _with_grad(_view(storage, dtype, storage_offset, size, stride), requires_grad)


def _rebuild_parameter(data, requires_grad, backward_hooks):
    from rushlight.nn import Parameter

    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    return _set_state(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(func, new_type, args, state):
    """A tensor with attributes of its own: `func(*args)`, then the attributes."""
    if func not in REBUILDERS.values():
        raise IoError(f"load: a tensor is to be made by {func!r}: the file is damaged or hostile")
    tensor = func(*args)
    if isinstance(new_type, type) and type(tensor) is not new_type:
        tensor = tensor.as_subclass(new_type)
    return _set_state(tensor, state)


def _set_state(tensor, state):
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    for group in (attributes, slots):
        for name, value in (group or {}).items():
            if not isinstance(name, str) or name.startswith("__"):
                raise IoError(f"load: a tensor has the attribute {name!r}: the file is hostile")
            setattr(tensor, name, value)
    return tensor


REBUILDERS = {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2,
}
TORCH_NAMES = {function: name.rsplit(".", 1) for name, function in REBUILDERS.items()}
