"""Geometric distributions."""

from __future__ import annotations

import rushlight as rl
from rushlight import _C

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class Geometric(Distribution):
    """How often a coin that shows 1 with probability `probs` shows 0 before."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _parameter_dims = {"probs": 0, "logits": 0}

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Geometric: give either probs or logits, not both")
        if probs is not None:
            self._set_parameters(validate_args, probs=probs)
            if self._validate_args and not (self.probs > 0).all():
                raise ValueError(f"Geometric: probs must be positive, got {self.probs}")
        else:
            self._set_parameters(validate_args, logits=logits)

    @lazy_property
    def logits(self):
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def mean(self):
        return 1.0 / self.probs - 1.0

    @property
    def mode(self):
        return rl.zeros_like(self.probs)

    @property
    def variance(self):
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape=()):
        with rl.no_grad():
            dtype = self.probs.dtype
            u = rl.rand(self._extended_shape(sample_shape), dtype=dtype)
            return (u.clamp(min=rl.finfo(dtype).tiny).log() / (-self.probs).log1p()).floor()

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        certain = (probs == 1) & (value == 0)
        return value * (-probs.masked_fill(certain, 0)).log1p() + self.probs.log()

    def entropy(self):
        loss = _C.nn.binary_cross_entropy_with_logits
        return loss(self.logits, self.probs, reduction="none") / self.probs
