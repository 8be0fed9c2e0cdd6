"""What Tensor has beside its functions: text, copies, pickling, hooks."""

from __future__ import annotations

import copy

from rushlight import _C
from rushlight._hooks import RemovableHandle
from rushlight._printing import contents_of, text_of

Tensor = _C.Tensor


class TensorHookHandle(RemovableHandle):
    """Takes the hook of a tensor back on `remove()`, or at the end of a `with` block."""

    def __init__(self, registered) -> None:
        self.id = next(self._ids)
        self._registered = registered

    def remove(self) -> None:
        """Takes the hook back; a second call does nothing."""
        if self._registered is not None:
            _C.autograd.remove_hook(self._registered)
            self._registered = None

    def __getstate__(self):
        raise TypeError("the handle of a tensor's hook cannot be pickled")


def _repr(self, *, tensor_contents=None) -> str:
    """The elements with dtype and history, as PyTorch prints them."""
    return text_of(self, tensor_contents)


def _format(self, spec) -> str:
    """A tensor without dimensions is formatted like its number, others only as a whole."""
    if self.dim() == 0 and type(self) is Tensor:
        return format(self.item(), spec)
    return object.__format__(self, spec)


def _contains(self, element) -> bool:
    """Whether any element equals a number or tensor."""
    if isinstance(element, (Tensor, int, float, bool)):
        return bool((self == element).any().item())
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


def _reversed(self):
    """The tensor with its first axis in reverse order."""
    return self if self.dim() == 0 else self.flip(0)


def _array_wrap(self, array, context=None, return_scalar=False):
    """What NumPy's functions of a tensor give: a tensor over their result."""
    return _C.torch.as_tensor(array)


def _register_hook(self, hook):
    """Calls `hook(gradient)` when the gradient of this tensor is known; it may return another."""
    return TensorHookHandle(_C.autograd.register_hook(self, hook))


def _register_post_accumulate_grad_hook(self, hook):
    """Calls `hook(self)` whenever `backward()` has added to the grad of this leaf."""
    return TensorHookHandle(_C.autograd.register_post_accumulate_grad_hook(self, hook))


def _array_namespace(self, *, api_version=None):
    """The module with the names of the array API standard."""
    from rushlight import array_api

    if api_version is not None and api_version not in array_api.SUPPORTED_VERSIONS:
        raise ValueError(
            f"__array_namespace__: version {api_version!r} of the standard is not known; "
            f"there are {', '.join(array_api.SUPPORTED_VERSIONS)}"
        )
    return array_api


def _to_device(self, device, /, *, stream=None):
    """The tensor itself if the device is the CPU, as the array API standard has it."""
    return self.to(device)


def _complex(self) -> complex:
    """The number of a tensor with one element."""
    return complex(self.item())


# ---- Copies and pickling ------------------------------------------------------------------------


def _with_attributes(made, attributes):
    made.__dict__.update(attributes)
    return made


def _copy(self):
    """A tensor of the same class over the same memory."""
    made = Tensor._make_subclass(type(self), self.detach(), self.requires_grad)
    return _with_attributes(made, self.__dict__)


def _deepcopy(self, memo):
    """A leaf with its own memory, gradient and attributes."""
    if id(self) in memo:
        return memo[id(self)]
    if self.requires_grad and not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol; copy the result of an op with detach() or clone() first"
        )
    made = Tensor._make_subclass(type(self), self.detach().clone(), self.requires_grad)
    memo[id(self)] = made
    if self.grad is not None:
        made.grad = copy.deepcopy(self.grad, memo)
    return _with_attributes(made, copy.deepcopy(self.__dict__, memo))


def _rebuild(cls, data, shape, dtype, requires_grad):
    """Makes a tensor of what `pickle` kept of it."""
    if data:
        tensor = _C.torch.frombuffer(bytearray(data), dtype=dtype).view(shape)
    else:
        tensor = _C.torch.empty(shape, dtype=dtype)
    return Tensor._make_subclass(cls, tensor, requires_grad)


def _reduce_ex(self, protocol):
    if self.requires_grad and not self.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd "
            "does not support crossing process boundaries; use detach() first"
        )
    data = _C._bytes_of(self)
    arguments = (type(self), data, tuple(self.shape), self.dtype, self.requires_grad)
    return _rebuild, arguments, self.__dict__ or None


def _set_state(self, state) -> None:
    self.__dict__.update(state)


def _repr_html(self):
    """Short vectors and matrices as a table in notebooks; otherwise their text."""
    rows, columns = (1, *self.shape)[-2:] if 0 < self.dim() < 3 else (0, 0)
    if not 0 < rows <= 20 or not 0 < columns <= 12:
        return None
    cells = contents_of(self.detach()).replace("[", "").rstrip("]").split("]")
    body = "".join(
        "<tr>" + "".join(f"<td>{v.strip()}</td>" for v in row.split(",") if v.strip()) + "</tr>"
        for row in cells
    )
    about = f"{self.dtype}, shape {tuple(self.shape)}"
    return f"<table>{body}</table><small>{about}</small>"


def _set_methods() -> None:
    methods = {
        "__repr__": _repr,
        "__format__": _format,
        "__contains__": _contains,
        "__reversed__": _reversed,
        "__array_wrap__": _array_wrap,
        "__array_namespace__": _array_namespace,
        "__complex__": _complex,
        "to_device": _to_device,
        "__copy__": _copy,
        "__deepcopy__": _deepcopy,
        "__reduce_ex__": _reduce_ex,
        "__setstate__": _set_state,
        "_repr_html_": _repr_html,
        "register_hook": _register_hook,
        "register_post_accumulate_grad_hook": _register_post_accumulate_grad_hook,
    }
    for name, method in methods.items():
        method.__name__ = name
        method.__qualname__ = f"Tensor.{name}"
        setattr(Tensor, name, method)
    Tensor.__array_priority__ = 1000  # NumPy's operators leave mixed operands to Tensor's


_set_methods()
