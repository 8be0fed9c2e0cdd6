"""Functions of each element."""

# ruff: noqa: F401  (what it imports is what it has)
from rushlight._C import torch as _torch
from rushlight._C.torch import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    ceil,
    conj,
    cos,
    cosh,
    exp,
    expm1,
    floor,
    isfinite,
    isinf,
    isnan,
    log,
    log1p,
    log2,
    log10,
    logical_not,
    negative,
    positive,
    real,
    reciprocal,
    round,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    trunc,
)
from rushlight._C.torch import bitwise_not as bitwise_invert

from ._dtypes import alike as _alike


def _of_two(compute, name=None):
    """A function of two arrays, or of one and a number, in their common dtype."""

    def function(x1, x2, /):
        return compute(*_alike(x1, x2))

    function.__name__ = function.__qualname__ = name or compute.__name__
    function.__doc__ = compute.__doc__.partition("\n")[0]
    return function


add = _of_two(_torch.add)
atan2 = _of_two(_torch.atan2)
bitwise_and = _of_two(_torch.bitwise_and)
bitwise_left_shift = _of_two(_torch.bitwise_left_shift)
bitwise_or = _of_two(_torch.bitwise_or)
bitwise_right_shift = _of_two(_torch.bitwise_right_shift)
bitwise_xor = _of_two(_torch.bitwise_xor)
copysign = _of_two(_torch.copysign)
divide = _of_two(_torch.div, "divide")
equal = _of_two(_torch.eq, "equal")
greater = _of_two(_torch.gt, "greater")
greater_equal = _of_two(_torch.ge, "greater_equal")
hypot = _of_two(_torch.hypot)
less = _of_two(_torch.lt, "less")
less_equal = _of_two(_torch.le, "less_equal")
logaddexp = _of_two(_torch.logaddexp)
logical_and = _of_two(_torch.logical_and)
logical_or = _of_two(_torch.logical_or)
logical_xor = _of_two(_torch.logical_xor)
maximum = _of_two(_torch.maximum)
minimum = _of_two(_torch.minimum)
multiply = _of_two(_torch.mul, "multiply")
nextafter = _of_two(_torch.nextafter)
not_equal = _of_two(_torch.ne, "not_equal")
pow = _of_two(_torch.pow)
subtract = _of_two(_torch.sub, "subtract")


def clip(x, /, min=None, max=None):
    """The elements, none below `min` and none above `max`; the dtype is that of x."""
    for bound, limit in ((min, _torch.maximum), (max, _torch.minimum)):
        if bound is not None:
            x = limit(x, _torch.as_tensor(bound, dtype=x.dtype))
    return x.clone() if min is None and max is None else x


def floor_divide(x1, x2, /):
    """The largest whole number up to x1 / x2; of infinity it is infinity, not NaN."""
    x1, x2 = _alike(x1, x2)
    found = _torch.floor_divide(x1, x2)
    if not found.is_floating_point():
        return found
    are_finite = _torch.isfinite(x1) & _torch.isfinite(x2)
    return _torch.where(are_finite, found, _torch.floor(x1 / x2))


def remainder(x1, x2, /):
    """x1 - x2 * floor(x1 / x2), with the sign of x2, zero too."""
    x1, x2 = _alike(x1, x2)
    found = _torch.remainder(x1, x2)
    if not found.is_floating_point():
        return found
    return _torch.where(found == 0, _torch.copysign(found, x2), found)


def sign(x, /):
    """-1, 0 or 1; NaN stays NaN."""
    signs = _torch.sign(x)
    return _torch.where(_torch.isnan(x), x, signs) if x.is_floating_point() else signs
