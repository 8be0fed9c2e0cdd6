"""PyTorch's names in files and what they are here."""

from __future__ import annotations

import importlib
import sys

from rushlight import _C

IoError = _C.IoError


class StorageType:
    """What PyTorch calls torch.FloatStorage and so on: in files, the name of an element type."""

    __slots__ = ("name", "dtype")

    def __init__(self, name, dtype):
        self.name = name
        self.dtype = dtype

    def __repr__(self):
        return f"torch.{self.name}"


_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
STORAGE_TYPES = {name: StorageType(name, getattr(_C, d)) for name, d in _STORAGES.items()}
UNTYPED_STORAGE = StorageType("UntypedStorage", _C.uint8)
STORAGE_OF_DTYPE = {storage.dtype: storage for storage in STORAGE_TYPES.values()}
DTYPES = {name: getattr(_C, name) for name in _STORAGES.values()}
NAME_OF_DTYPE = {dtype: name for name, dtype in DTYPES.items()}

# Element types that PyTorch has and files may name, for an error that says so.
ABSENT_STORAGES = {
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "qint8",
    "QInt32Storage": "qint32",
    "QUInt8Storage": "quint8",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}
ABSENT_DTYPES = {
    "complex32", "complex64", "complex128", "uint16", "uint32", "uint64", "qint8", "qint32",
    "quint8", "quint4x2", "quint2x4", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2",
}  # fmt: skip

# Where PyTorch's programs find the classes of layers and optimisers, most used first.
_PUBLIC_MODULES = (
    "nn",
    "optim",
    "optim.lr_scheduler",
    "utils.data",
    "distributions",
    "nn.utils.rnn",
    "nn.utils.parametrize",
)


def torch_name(module: str, name: str):
    """The (module, name) under which PyTorch knows something of ours."""
    if module in ("rushlight", "rushlight._C"):
        return "torch", name
    ours = getattr(sys.modules.get(module), name, None)
    for public in _PUBLIC_MODULES:
        holder = sys.modules.get(f"rushlight.{public}")
        if ours is not None and getattr(holder, name, None) is ours:
            return f"torch.{public}", name
    return "torch" + module[len("rushlight") :], name


def ours_for(module: str, name: str):
    """What a program means by PyTorch's `module.name`: ours in the same place, or of the same name
    in a module above (torch.nn.modules.linear.Linear is rushlight.nn.Linear)."""
    place = "rushlight" + module[len("torch") :]
    while True:
        found = _look_up(place, name)
        if found is not None:
            return found
        if "." not in place:
            raise IoError(f"load: the file needs {module}.{name}, which rushlight has not")
        place = place.rpartition(".")[0]


def _look_up(place, name):
    try:
        found = importlib.import_module(place)
    except ImportError:
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
