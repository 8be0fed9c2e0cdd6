"""Bernoulli distributions."""

from __future__ import annotations

import rushlight as rl
from rushlight import _C

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits

_loss = _C.nn.binary_cross_entropy_with_logits


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0; or given by the log-odds `logits`."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _parameter_dims = {"probs": 0, "logits": 0}

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Bernoulli: give either probs or logits, not both")
        if probs is not None:
            self._set_parameters(validate_args, probs=probs)
        else:
            self._set_parameters(validate_args, logits=logits)

    @lazy_property
    def logits(self):
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self):
        return self._extended_shape()

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        larger = (self.probs >= 0.5).to(self.probs.dtype)
        return larger.masked_fill(self.probs == 0.5, float("nan"))

    @property
    def variance(self):
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        with rl.no_grad():
            return rl.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -_loss(logits, value, reduction="none")

    def entropy(self):
        return _loss(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand=True):
        dtype = self.__dict__.get("probs", self.logits).dtype
        return self._enumerated(rl.arange(2, dtype=dtype), expand)
