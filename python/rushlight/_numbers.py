"""What the numbers of a dtype are: finfo and iinfo."""

from __future__ import annotations

from rushlight import _C

_FLOATS = {  # digits of the fraction, the largest exponent, the smallest
    _C.float16: (10, 15, -14, 3),
    _C.bfloat16: (7, 127, -126, 2),
    _C.float32: (23, 127, -126, 6),
    _C.float64: (52, 1023, -1022, 15),
}
_INTEGERS = {
    _C.uint8: (0, 255),
    _C.int8: (-(1 << 7), (1 << 7) - 1),
    _C.int16: (-(1 << 15), (1 << 15) - 1),
    _C.int32: (-(1 << 31), (1 << 31) - 1),
    _C.int64: (-(1 << 63), (1 << 63) - 1),
}


def _name(dtype) -> str:
    return repr(dtype).rpartition(".")[2]


class _Info:
    def __eq__(self, other) -> bool:
        return type(self) is type(other) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((type(self), self.dtype))


class finfo(_Info):
    """The limits of a floating dtype (the default one if none is given)."""

    def __init__(self, type=None) -> None:
        dtype = _C.get_default_dtype() if type is None else type
        if dtype not in _FLOATS:
            raise TypeError(f"torch.finfo() requires a floating point input type; got {dtype}")
        fraction, largest, smallest, digits = _FLOATS[dtype]
        self.dtype = _name(dtype)
        self.bits = dtype.itemsize * 8
        self.eps = 2.0**-fraction
        self.max = (2.0 - self.eps) * 2.0**largest
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0**smallest
        self.resolution = 10.0**-digits

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        parts = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({parts}, dtype={self.dtype})"


class iinfo(_Info):
    """The limits of a dtype of whole numbers."""

    def __init__(self, type) -> None:
        if type not in _INTEGERS:
            raise TypeError(f"torch.iinfo() requires an integer input type; got {type}")
        self.dtype = _name(type)
        self.bits = type.itemsize * 8
        self.min, self.max = _INTEGERS[type]

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
