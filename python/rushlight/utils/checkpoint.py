"""Activation checkpoints: compute a part of a model twice instead of keeping what it computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rushlight import _C

Tensor = _C.Tensor

_UNSAID = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
    "use_reentrant=False is recommended, but if you need to preserve the current default behavior, "
    "you can pass use_reentrant=True."
)


def noop_context_fn() -> tuple[AbstractContextManager, AbstractContextManager]:
    """Two contexts that do nothing."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[AbstractContextManager, AbstractContextManager]] = (
        noop_context_fn
    ),
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Calls `function(*args, **kwargs)` and keeps only its inputs; gradients call it again.

    Random numbers are drawn alike both times, and parameters that the function uses get their
    gradients. `context_fn` gives the contexts of the first and of the second call.
    `use_reentrant` makes no difference here beyond the arguments that PyTorch allows with it.
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID, stacklevel=2)
        use_reentrant = True
    kwargs.pop("preserve_rng_state", None)
    if use_reentrant and kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant and (context_fn is not noop_context_fn or debug):
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    if not _C.autograd.is_grad_enabled():
        return function(*args, **kwargs)
    call = _Call(function, args, kwargs, context_fn())
    tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
    return call.rebuild(_C.autograd.checkpoint(call, tensors))


class _Call:
    """A call with tensors in the places of tensors, which gives a flat list of tensors."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict, contexts: tuple) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.context, self.later_context = contexts
        self.result: Any = None
        self.is_first = True

    def __call__(self, *tensors: Tensor) -> list[Tensor]:
        given = iter(tensors)
        args = [next(given) if isinstance(value, Tensor) else value for value in self.args]
        kwargs = {
            name: next(given) if isinstance(value, Tensor) else value
            for name, value in self.kwargs.items()
        }
        with self.context if self.is_first else self.later_context:
            result = self.function(*args, **kwargs)
        flat: list[Tensor] = []
        structure = _without_tensors(result, flat)
        if self.is_first:
            self.result, self.is_first = structure, False
        return flat

    def rebuild(self, tensors: list[Tensor]) -> Any:
        """The function's result, of the tensors that came out."""
        return _with_tensors(self.result, tensors)


class _Place:
    """Stands for a tensor, by its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def _without_tensors(value: Any, found: list[Tensor]) -> Any:
    if isinstance(value, Tensor):
        found.append(value)
        return _Place(len(found) - 1)
    return _mapped(value, lambda part: _without_tensors(part, found))


def _with_tensors(value: Any, tensors: list[Tensor]) -> Any:
    if isinstance(value, _Place):
        return tensors[value.number]
    return _mapped(value, lambda part: _with_tensors(part, tensors))


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Lists, tuples and dictionaries with their parts changed; anything else as it is."""
    if isinstance(value, dict):
        return {name: function(part) for name, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(function, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(function, value))
    return value


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Calls modules one after another in `segments` checkpoints; the last part is none.

    `functions` is a Sequential or a list of modules or functions.
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID, stacklevel=2)
        use_reentrant = True
    kwargs.pop("preserve_rng_state", None)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = list(functions.children() if hasattr(functions, "children") else functions)
    size = len(functions) // segments

    def run(some: list) -> Callable:
        def forward(value: Any) -> Any:
            for function in some:
                value = function(value)
            return value

        return forward

    for start in range(0, size * (segments - 1), size) if size else ():
        part = run(functions[start : start + size])
        input = checkpoint(part, input, use_reentrant=use_reentrant)
    return run(functions[size * (segments - 1) :])(input)
