"""Whether operations record what gradients need: context managers that also decorate functions."""

from __future__ import annotations

import functools
import threading
from typing import Any

from rushlight import _C

_GENERATOR, _COROUTINE = 0x20, 0x80  # flags of a function's code: inspect.CO_GENERATOR, ...
_set_enabled = _C.autograd.set_grad_enabled
_is_enabled = _C.autograd.is_grad_enabled
_inference = threading.local()


class _GradContext:
    """A mode that holds inside a `with` block or in every call of a decorated function."""

    def __call__(self, function):
        if isinstance(function, type):
            raise TypeError(
                f"{type(self).__name__} decorates functions; decorate the methods of "
                f"{function.__name__}, not the class"
            )
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & _GENERATOR:
            return _decorated_generator(self._again, function)
        if flags & _COROUTINE:

            @functools.wraps(function)
            async def in_mode_async(*args, **kwargs):
                with self._again():
                    return await function(*args, **kwargs)

            return in_mode_async

        @functools.wraps(function)
        def in_mode(*args, **kwargs):
            with self._again():
                return function(*args, **kwargs)

        return in_mode

    def _again(self):
        return type(self)()


def _decorated_generator(make_context, function):
    """The mode holds while the generator runs, and not in between."""

    @functools.wraps(function)
    def generate(*args, **kwargs):
        generator = function(*args, **kwargs)
        step, value = generator.send, None
        try:
            while True:
                try:
                    with make_context():
                        produced = step(value)
                except StopIteration as end:
                    return end.value
                try:
                    value = yield produced
                    step = generator.send
                except GeneratorExit:
                    raise
                except BaseException as error:
                    value, step = error, generator.throw
        finally:
            with make_context():
                generator.close()

    return generate


class no_grad(_GradContext):
    """Nothing is recorded: results require no gradient. Also `@no_grad()` and `@no_grad`."""

    def __new__(cls, function=None) -> Any:
        context = super().__new__(cls)
        return context if function is None else context(function)

    def __enter__(self) -> None:
        self._before = _is_enabled()
        _set_enabled(False)

    def __exit__(self, *exception) -> None:
        _set_enabled(self._before)


class enable_grad(no_grad):
    """Gradients are recorded, inside `no_grad` as well."""

    def __enter__(self) -> None:
        self._before = _is_enabled()
        _set_enabled(True)


class set_grad_enabled(_GradContext):
    """Records gradients, or not, from the call on; as a context manager until the block ends."""

    def __init__(self, mode: bool) -> None:
        self._before = _is_enabled()
        self.mode = bool(mode)
        _set_enabled(self.mode)

    def __call__(self, function):
        _set_enabled(self._before)
        return super().__call__(function)

    def __enter__(self) -> None:
        _set_enabled(self.mode)

    def __exit__(self, *exception) -> None:
        _set_enabled(self._before)

    def _again(self):
        return set_grad_enabled(self.mode)


class inference_mode(_GradContext):
    """Like `no_grad`, for code that will never want a gradient."""

    def __new__(cls, mode=True) -> Any:
        context = super().__new__(cls)
        if isinstance(mode, bool):
            context.mode = mode
            return context
        context.mode = True
        return context(mode)

    def __enter__(self) -> None:
        self._before = _is_enabled(), is_inference_mode_enabled()
        _set_enabled(not self.mode)
        _inference.is_on = self.mode

    def __exit__(self, *exception) -> None:
        enabled, _inference.is_on = self._before
        _set_enabled(enabled)

    def _again(self):
        return inference_mode(self.mode)


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return getattr(_inference, "is_on", False)
