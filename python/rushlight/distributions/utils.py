"""Helpers that distributions share."""

from __future__ import annotations

import functools

import rushlight as rl
from rushlight import _C, finfo


def broadcast_all(*values):
    """The values as tensors of one shape; numbers take the dtype of the first tensor."""
    dtype = next((v.dtype for v in values if isinstance(v, _C.Tensor)), None)
    tensors = []
    for value in values:
        if isinstance(value, (bool, int, float)):
            value = rl.tensor(value, dtype=dtype or rl.get_default_dtype())
        elif not isinstance(value, _C.Tensor):
            raise ValueError(f"expected numbers and tensors, got {type(value).__name__}")
        tensors.append(value)
    return rl.broadcast_tensors(*tensors)


def logits_to_probs(logits, is_binary=False):
    """Probabilities of log-odds (binary) or of unnormalised log-probabilities (the last axis)."""
    return rl.sigmoid(logits) if is_binary else _C.nn.softmax(logits, dim=-1)


def clamp_probs(probs):
    """Probabilities moved into the open interval (0, 1)."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs, is_binary=False):
    """Log-odds (binary) or log-probabilities."""
    clamped = clamp_probs(probs)
    if is_binary:
        return rl.log(clamped) - rl.log1p(-clamped)
    return rl.log(clamped)


def sum_rightmost(value, dims):
    """The sum over the last `dims` dimensions."""
    return value if dims == 0 else value.reshape((*value.shape[:-dims], -1)).sum(-1)


class lazy_property:  # noqa: N801 (PyTorch's name)
    """A property that is computed once, when first asked for."""

    def __init__(self, wrapped):
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with rl.enable_grad():
            value = self.wrapped(instance)
        instance.__dict__[self.wrapped.__name__] = value
        return value
