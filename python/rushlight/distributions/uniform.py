"""Uniform distributions."""

from __future__ import annotations

import rushlight as rl

from . import constraints
from .distribution import Distribution


class Uniform(Distribution):
    """Equally probable numbers in [low, high)."""

    arg_constraints = {"low": constraints.dependent, "high": constraints.dependent}
    has_rsample = True
    _parameter_dims = {"low": 0, "high": 0}

    def __init__(self, low, high, validate_args=None):
        self._set_parameters(validate_args, low=low, high=high)
        if self._validate_args and not rl.lt(self.low, self.high).all():
            raise ValueError(f"Uniform is not defined when low>= high: {self!r}")

    @constraints.dependent_property
    def support(self):
        return constraints.interval(self.low, self.high)

    @property
    def mean(self):
        return (self.high + self.low) / 2

    @property
    def mode(self):
        return rl.full_like(self.high, float("nan"))

    @property
    def stddev(self):
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self):
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        return self.low + rl.rand(shape, dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        inside = ((self.low <= value) & (self.high > value)).to(self.low.dtype)
        return rl.log(inside) - rl.log(self.high - self.low)

    def cdf(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        return value * (self.high - self.low) + self.low

    def entropy(self):
        return rl.log(self.high - self.low)
