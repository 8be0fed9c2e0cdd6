"""Lower precision for a block of code or a function."""

from __future__ import annotations

import functools
import warnings

from rushlight import _C


class autocast:  # noqa: N801 (PyTorch's name)
    """Inside, matrix products and convolutions run in `dtype`, sums and losses in float32:

        with autocast("cpu", dtype=rushlight.bfloat16):
            loss = loss_of(model(x), y)

    Also a decorator. For other devices than the CPU the block runs unchanged. On the CPU the dtype
    is bfloat16, or float16.
    """

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            came = type(device_type).__name__
            raise ValueError(f"autocast: device_type should be a text like 'cpu', got {came}")
        self.device = device_type
        self.fast_dtype = _C.bfloat16 if dtype is None else dtype
        self._acts = device_type == "cpu"
        if self._acts and enabled and self.fast_dtype not in (_C.bfloat16, _C.float16):
            warnings.warn(
                f"autocast: on the CPU bfloat16 and float16 are there, not {dtype}; "
                "the block runs as it is",
                stacklevel=2,
            )
            enabled = False
        self._enabled = bool(enabled)
        self._before = []

    def __enter__(self):
        if self._acts:
            self._before.append(_C.set_autocast(self.fast_dtype if self._enabled else None))
        return self

    def __exit__(self, *exception):
        if self._acts:
            _C.set_autocast(self._before.pop())
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def within(*arguments, **options):
            with self:
                return function(*arguments, **options)

        return within


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast does something for a device: for 'cpu' only."""
    return device_type == "cpu"


def custom_fwd(fwd=None, *, device_type="cpu", cast_inputs=None):
    """Marks the forward of an autograd.Function; with cast_inputs it runs outside autocast, on
    floating tensors of that dtype."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    if cast_inputs is None or device_type != "cpu":
        return fwd

    @functools.wraps(fwd)
    def forward(*arguments, **options):
        before = _C.set_autocast(None)
        try:
            if before is None:
                return fwd(*arguments, **options)
            cast = [_cast(value, cast_inputs) for value in arguments]
            return fwd(*cast, **{k: _cast(v, cast_inputs) for k, v in options.items()})
        finally:
            _C.set_autocast(before)

    return forward


def _cast(value, dtype):
    if isinstance(value, _C.Tensor) and value.is_floating_point():
        return value.to(dtype)
    return value


def custom_bwd(bwd=None, *, device_type="cpu"):
    """Marks the backward of an autograd.Function: it runs outside autocast."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*arguments, **options):
        before = _C.set_autocast(None)
        try:
            return bwd(*arguments, **options)
        finally:
            _C.set_autocast(before)

    return backward
