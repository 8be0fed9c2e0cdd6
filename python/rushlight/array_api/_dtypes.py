"""Dtypes: what they are, which one two of them make, and what the namespace says of itself."""

from __future__ import annotations

from functools import reduce

from rushlight import _C, _numbers
from rushlight._C import Tensor, device, dtype

_KINDS = {
    "bool": {"bool": _C.bool},
    "signed integer": {
        "int8": _C.int8,
        "int16": _C.int16,
        "int32": _C.int32,
        "int64": _C.int64,
    },
    "unsigned integer": {"uint8": _C.uint8},
    "real floating": {"float32": _C.float32, "float64": _C.float64},
    "complex floating": {},
}
_KINDS["integral"] = _KINDS["signed integer"] | _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] | _KINDS["real floating"]
_MAX_DIMENSIONS = 12


def check_device(place) -> None:
    """Refuses a device other than the one that is there."""
    if place is not None and device(place) != device("cpu"):
        raise ValueError(f"there is one device, 'cpu'; got {place!r}")


def _dtype_of(x) -> dtype:
    return x.dtype if isinstance(x, Tensor) else x


def result_type(*arrays_and_dtypes):
    """The dtype of what these arrays, dtypes and Python numbers make together.

    A number takes the dtype of the arrays, if that holds its kind: it never makes it wider.
    """
    dtypes = [_dtype_of(x) for x in arrays_and_dtypes if isinstance(x, (Tensor, dtype))]
    numbers = [x for x in arrays_and_dtypes if not isinstance(x, (Tensor, dtype))]
    if not dtypes:
        raise ValueError("result_type: at least one array or dtype is needed")
    found = reduce(_C.torch.promote_types, dtypes)
    for number in numbers:
        found = _C.torch.result_type(_C.torch.empty((1,), dtype=found), number)
    return found


def alike(*operands):
    """The operands as arrays of their common dtype; a Python number becomes one of no dimensions.

    Tensors without dimensions count like others, which they do not in PyTorch.
    """
    first = operands[0].dtype if isinstance(operands[0], Tensor) else None
    if all(isinstance(x, Tensor) and x.dtype == first for x in operands):
        return operands
    common = result_type(*operands)
    return [
        x.to(common) if isinstance(x, Tensor) else _C.torch.full((), x, dtype=common)
        for x in operands
    ]


def astype(x, dtype, /, *, copy=True, device=None):
    """The elements in another dtype; `x` itself if it has that one and `copy` is False."""
    check_device(device)
    if x.dtype == dtype:
        return x.clone() if copy else x
    return x.to(dtype)


def can_cast(from_, to, /):
    """Whether promotion alone makes `to` of an array or dtype."""
    return _C.torch.promote_types(_dtype_of(from_), to) == to


def isdtype(dtype, kind):
    """Whether a dtype is this one, or of a kind ("bool", "integral", ...), or of one of several."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if not isinstance(kind, str):
        return dtype == kind
    if kind not in _KINDS:
        raise ValueError(f"isdtype: unknown kind {kind!r}; there are {sorted(_KINDS)}")
    return dtype in _KINDS[kind].values()


class finfo(_numbers.finfo):
    """The limits of a floating dtype, or of an array's."""

    def __init__(self, type, /) -> None:
        super().__init__(_dtype_of(type))
        self.dtype = _dtype_of(type)


class iinfo(_numbers.iinfo):
    """The limits of a dtype of whole numbers, or of an array's."""

    def __init__(self, type, /) -> None:
        super().__init__(_dtype_of(type))
        self.dtype = _dtype_of(type)


class _NamespaceInfo:
    """What there is of the standard: one device, no complex dtypes, uint8 alone of its kind."""

    def capabilities(self):
        """Indexing with booleans and shapes that depend on values work; 12 dimensions at most."""
        return {
            "boolean indexing": True,
            "data-dependent shapes": True,
            "max dimensions": _MAX_DIMENSIONS,
        }

    def default_device(self):
        """The CPU."""
        return device("cpu")

    def devices(self):
        """The CPU alone."""
        return (device("cpu"),)

    def default_dtypes(self, *, device=None):
        """The dtypes of new arrays; "complex floating" is absent."""
        check_device(device)
        return {
            "real floating": _C.get_default_dtype(),
            "integral": _C.int64,
            "indexing": _C.int64,
        }

    def dtypes(self, *, device=None, kind=None):
        """The dtypes by name, all or those of a kind, or of a tuple of kinds."""
        check_device(device)
        kinds = kind if isinstance(kind, tuple) else (kind,) if kind else ("bool", "numeric")
        for one in kinds:
            if one not in _KINDS:
                raise ValueError(f"dtypes: unknown kind {one!r}; there are {sorted(_KINDS)}")
        return {name: dtype for one in kinds for name, dtype in _KINDS[one].items()}


def __array_namespace_info__():
    """What of the standard is here: capabilities, devices and dtypes."""
    return _NamespaceInfo()
