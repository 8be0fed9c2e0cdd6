"""Exponential distributions."""

from __future__ import annotations

import rushlight as rl

from . import constraints
from .distribution import Distribution


class Exponential(Distribution):
    """The density rate * exp(-rate * x) of waiting times."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _parameter_dims = {"rate": 0}

    def __init__(self, rate, validate_args=None):
        self._set_parameters(validate_args, rate=rate)

    @property
    def mean(self):
        return self.rate.reciprocal()

    stddev = mean

    @property
    def mode(self):
        return rl.zeros_like(self.rate)

    @property
    def variance(self):
        return self.rate.pow(-2)

    def rsample(self, sample_shape=()):
        noise = rl.empty(self._extended_shape(sample_shape), dtype=self.rate.dtype)
        return noise.exponential_() / self.rate

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return 1 - rl.exp(-self.rate * value)

    def icdf(self, value):
        return -rl.log1p(-value) / self.rate

    def entropy(self):
        return 1.0 - self.rate.log()
