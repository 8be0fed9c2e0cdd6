"""Tensors for tests."""

from __future__ import annotations

from rushlight import _C

_INTEGERS = {
    _C.uint8: (0, 255),
    _C.int8: (-128, 127),
    _C.int16: (-(2**15), 2**15 - 1),
    _C.int32: (-(2**31), 2**31 - 1),
    _C.int64: (-(2**63), 2**63 - 1),
}


def make_tensor(
    *shape,
    dtype,
    device=None,
    low=None,
    high=None,
    requires_grad=False,
    noncontiguous=False,
    exclude_zero=False,
    memory_format=None,
):
    """A tensor of uniformly drawn elements from [low, high): by default [-9, 9) for floats, -9 to 9
    for signed integers, 0 to 9 for uint8.

    noncontiguous: its elements do not lie one after the other. exclude_zero: zeros become the
    smallest positive number, or 1.
    """
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = tuple(shape[0])
    if noncontiguous and shape:
        # Every second element of the last dimension of something twice as long.
        drawn = (*shape[:-1], 2 * shape[-1])
        tensor = _draw(drawn, dtype, low, high)[..., ::2]
    else:
        tensor = _draw(shape, dtype, low, high)
    if exclude_zero:
        tensor[tensor == 0] = _finfo(dtype).tiny if dtype.is_floating_point else 1
    if requires_grad and not dtype.is_floating_point:
        raise ValueError(f"make_tensor: requires_grad needs a floating dtype, got {dtype}")
    return tensor.requires_grad_() if requires_grad else tensor


def _draw(shape, dtype, low, high):
    if dtype == _C.bool:
        return _C.torch.randint(0, 2, shape).to(dtype)
    least, greatest = _range(dtype)
    low = (0 if dtype == _C.uint8 else -9) if low is None else low
    high = (9 if dtype.is_floating_point else 10) if high is None else high
    if low >= high:
        raise ValueError(f"make_tensor: low should be below high, got low={low} and high={high}")
    low, high = max(low, least), min(high, greatest)
    if dtype.is_floating_point:
        drawn = (_C.torch.rand(shape, dtype=_C.float64) * (high - low) + low).to(dtype)
        return drawn.masked_fill(drawn >= high, low)  # where rounding has reached it
    return _C.torch.randint(int(low), int(high), shape, dtype=dtype)


def _finfo(dtype):
    import rushlight

    return rushlight.finfo(dtype)


def _range(dtype):
    if dtype.is_floating_point:
        limits = _finfo(dtype)
        return limits.min, limits.max
    least, greatest = _INTEGERS[dtype]
    return least, greatest + 1
