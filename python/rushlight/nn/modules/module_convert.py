"""Moving a module's parameters and buffers to another dtype or device."""

from __future__ import annotations

import rushlight
from rushlight import _C


def _parse_to(args, kwargs):
    """Reads the arguments of `Module.to`: a device, a dtype, both, or a tensor with both."""
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    non_blocking = kwargs.pop("non_blocking", False)
    tensor, _ = kwargs.pop("tensor", None), kwargs.pop("memory_format", None)
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
    for value in args:
        if isinstance(value, _C.Tensor):
            tensor = value
        elif isinstance(value, _C.dtype):
            dtype = value
        elif isinstance(value, bool):
            non_blocking = value
        elif value is not None:
            device = value
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    return None if device is None else _C.device(device), dtype, non_blocking


class ModuleConvert:
    """The part of Module that changes all its tensors."""

    def _apply(self, fn, recurse: bool = True):
        """Replaces every parameter, gradient and buffer t by fn(t).

        Parameters stay the same objects, so that an optimiser that holds them goes on working.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            with rushlight.no_grad():
                grad = parameter.grad
                parameter.data = fn(parameter.data)
                if grad is not None:
                    parameter.grad = fn(grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, **kwargs):
        """Moves parameters and buffers: to(device), to(dtype), to(device, dtype) or to(tensor).

        A dtype, which is a floating or complex one, changes floating tensors only. The module
        itself changes and is returned.
        """
        device, dtype, non_blocking = _parse_to(args, kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )

        def convert(tensor):
            changes = tensor.is_floating_point() or tensor.is_complex()
            wanted = dtype if dtype is not None and changes else tensor.dtype
            return tensor.to(tensor.device if device is None else device, wanted, non_blocking)

        return self._apply(convert)

    def _to_floating(self, dtype):
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self):
        """Makes all floating tensors float32."""
        return self._to_floating(_C.float32)

    def double(self):
        """Makes all floating tensors float64."""
        return self._to_floating(_C.float64)

    def half(self):
        """Makes all floating tensors float16."""
        return self._to_floating(_C.float16)

    def bfloat16(self):
        """Makes all floating tensors bfloat16."""
        return self._to_floating(_C.bfloat16)

    def type(self, dst_type):
        """Makes all parameters and buffers of dtype dst_type, whatever they were."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self):
        """Moves everything to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device=None):
        """Moves everything to a CUDA device, where the library has one."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device, recurse: bool = True):
        """Moves to a device without copying: the values are arbitrary afterwards."""
        return self._apply(
            lambda t: (
                _C.torch.empty_like(t) if device is None else _C.torch.empty_like(t, device=device)
            ),
            recurse=recurse,
        )

    def share_memory(self):
        """Moves all tensors to memory that other processes can see."""
        return self._apply(lambda t: t.share_memory_())
