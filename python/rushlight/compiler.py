"""Marks for compile(), most of which make no difference here."""

from __future__ import annotations

from rushlight._compile import compile

__all__ = ["compile", "disable", "is_compiling", "is_dynamo_compiling", "reset"]


def disable(fn=None, recursive=True, *, reason=None):
    """The function as it is; also a decorator."""
    return (lambda function: function) if fn is None else fn


def is_compiling() -> bool:
    """False: functions are traced by running them as they are."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def reset() -> None:
    """Nothing to do: plans belong to their functions."""
