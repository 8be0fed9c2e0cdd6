"""Student's t-distributions."""

from __future__ import annotations

import math

import rushlight as rl

from . import constraints
from .chi2 import Chi2
from .distribution import Distribution


class StudentT(Distribution):
    """A normal number over the root of a chi-squared one's share of `df`."""

    arg_constraints = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True
    _parameter_dims = {"df": 0, "loc": 0, "scale": 0}

    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self._set_parameters(validate_args, df=df, loc=loc, scale=scale)

    @property
    def mean(self):
        return self.loc.masked_fill(self.df <= 1, float("nan"))

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        variance = self.scale.pow(2) * self.df / (self.df - 2)
        return variance.masked_fill(self.df <= 2, float("inf")).masked_fill(
            self.df <= 1, float("nan")
        )

    def rsample(self, sample_shape=()):
        normal = rl.randn(self._extended_shape(sample_shape), dtype=self.df.dtype)
        squares = Chi2(self.df).rsample(sample_shape)
        return self.loc + self.scale * (normal * rl.rsqrt(squares / self.df))

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        constant = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + rl.lgamma(0.5 * self.df)
            - rl.lgamma(0.5 * (self.df + 1.0))
        )
        return -0.5 * (self.df + 1.0) * rl.log1p(y**2.0 / self.df) - constant

    def entropy(self):
        log_beta = rl.lgamma(0.5 * self.df) + math.lgamma(0.5) - rl.lgamma(0.5 * (self.df + 1))
        slopes = rl.digamma(0.5 * (self.df + 1)) - rl.digamma(0.5 * self.df)
        return self.scale.log() + 0.5 * (self.df + 1) * slopes + 0.5 * self.df.log() + log_beta
