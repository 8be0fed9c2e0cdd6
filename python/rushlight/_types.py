"""Names for kinds of tensors and layouts that programs mention: FloatTensor, strided, ..."""

from __future__ import annotations

from rushlight import _C

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "_Tensor",
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "layout",
    "memory_format",
    "preserve_format",
    "qscheme",
    "strided",
]

_Tensor = _C.Tensor


class _Constant:
    """A named value, such as torch.strided."""

    def __init__(self, name) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"{_C._printed_module()}.{self._name}"

    def __reduce__(self):
        return _constant, (self._name,)


class layout(_Constant):
    """How a tensor is stored; here always torch.strided."""


class memory_format(_Constant):
    """In which order a tensor's dimensions lie in memory."""


class qscheme:
    """A scheme of quantization; there is none here."""


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
preserve_format = memory_format("preserve_format")


def _constant(name):
    return globals()[name]


class _TensorKind(type):
    """The class of FloatTensor and its kin: `isinstance` asks for the dtype, a call makes one."""

    dtype: _C.dtype

    def __instancecheck__(cls, instance) -> bool:
        return isinstance(instance, _Tensor) and instance.dtype == cls.dtype

    def __subclasscheck__(cls, subclass) -> bool:
        return subclass is cls

    def __call__(cls, *args, device=None):
        if not args or all(type(size) is int for size in args):
            return _C.torch.empty(args or (0,), dtype=cls.dtype, device=device)
        return _C.torch.tensor(args[0], dtype=cls.dtype, device=device)

    def __repr__(cls) -> str:
        return f"{_C._printed_module()}.{cls.__name__}"


def _kind(name, dtype):
    doc = f"Makes tensors of {dtype!r} from sizes or data; isinstance() asks for that dtype."
    return _TensorKind(name, (), {"dtype": dtype, "__doc__": doc, "__module__": "rushlight"})


FloatTensor = _kind("FloatTensor", _C.float32)
DoubleTensor = _kind("DoubleTensor", _C.float64)
HalfTensor = _kind("HalfTensor", _C.float16)
BFloat16Tensor = _kind("BFloat16Tensor", _C.bfloat16)
LongTensor = _kind("LongTensor", _C.int64)
IntTensor = _kind("IntTensor", _C.int32)
ShortTensor = _kind("ShortTensor", _C.int16)
CharTensor = _kind("CharTensor", _C.int8)
ByteTensor = _kind("ByteTensor", _C.uint8)
BoolTensor = _kind("BoolTensor", _C.bool)
TENSOR_KINDS = {
    kind.dtype: kind
    for kind in (
        FloatTensor,
        DoubleTensor,
        HalfTensor,
        BFloat16Tensor,
        LongTensor,
        IntTensor,
        ShortTensor,
        CharTensor,
        ByteTensor,
        BoolTensor,
    )
}
