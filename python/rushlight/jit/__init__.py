"""torch.jit's decorators: code runs as it is written, and what they are given comes back."""

from __future__ import annotations

from typing import Final

from rushlight.nn import Module

__all__ = [
    "Final",
    "ScriptModule",
    "annotate",
    "export",
    "fork",
    "freeze",
    "ignore",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "optimize_for_inference",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

ScriptModule = Module
_isinstance = isinstance


def script(obj, optimize=None, _frames_up=0, _rcb=None, example_inputs=None):
    """The function, class or module, unchanged."""
    return obj


def trace(func, example_inputs=None, *args, **kwargs):
    """The function or module, unchanged, after one call with the example inputs."""
    if example_inputs is not None:
        inputs = example_inputs if _isinstance(example_inputs, (tuple, list)) else (example_inputs,)
        func(*inputs)
    return func


def trace_module(mod, inputs, *args, **kwargs):
    """The module, unchanged, after one call of each method in `inputs`."""
    for method, example in inputs.items():
        trace(getattr(mod, method), example)
    return mod


def script_method(fn):
    """The method, unchanged."""
    return fn


export = script_if_tracing = unused = script_method


def ignore(drop=False, **kwargs):
    """A decorator that changes nothing, with or without arguments."""
    return drop if callable(drop) else script_method


def freeze(mod, preserved_attrs=None, optimize_numerics=True):
    """The module, unchanged."""
    return mod


def optimize_for_inference(mod, other_methods=None):
    """The module, unchanged."""
    return mod


def is_scripting() -> bool:
    """False: code always runs as Python."""
    return False


is_tracing = is_scripting


def annotate(the_type, the_value):
    """The value."""
    return the_value


def isinstance(obj, target_type) -> bool:
    """Python's isinstance, with the container classes of typing as their plain ones."""
    return _isinstance(obj, getattr(target_type, "__origin__", None) or target_type)


def fork(func, *args, **kwargs):
    """The result of the call, which has happened when this returns; `wait` gives it back."""
    return func(*args, **kwargs)


def wait(future):
    """What `fork` gave."""
    return future
