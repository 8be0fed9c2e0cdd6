"""Dirichlet distributions."""

from __future__ import annotations

import rushlight as rl
from rushlight import _C

from . import constraints
from ._standard_gamma import standard_gamma
from .distribution import Distribution


class Dirichlet(Distribution):
    """Vectors of positive numbers that sum to 1; the last dimension of `concentration` is the
    vector's. A sample is gamma draws over their sum, and so are its gradients."""

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _parameter_dims = {"concentration": 1}

    def __init__(self, concentration, validate_args=None):
        if concentration.ndim < 1:
            raise ValueError("Dirichlet: concentration must be at least one-dimensional")
        self.concentration = concentration
        shape = concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def rsample(self, sample_shape=()):
        concentration = self.concentration.expand(self._extended_shape(sample_shape))
        gamma = standard_gamma(concentration, _C.float64)
        limits = rl.finfo(concentration.dtype)
        shares = (gamma / gamma.sum(-1, keepdim=True)).to(concentration.dtype)
        return shares.clamp(min=limits.tiny, max=1 - limits.eps / 2)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        powers = rl.xlogy(a - 1.0, value).sum(-1)
        return powers + rl.lgamma(a.sum(-1)) - rl.lgamma(a).sum(-1)

    @property
    def mean(self):
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self):
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, keepdim=True)
        corner = _C.nn.one_hot(mode.argmax(dim=-1), self._event_shape[0]).to(mode.dtype)
        return rl.where((self.concentration < 1).all(-1, keepdim=True), corner, mode)

    @property
    def variance(self):
        a, total = self.concentration, self.concentration.sum(-1, keepdim=True)
        return a * (total - a) / (total.pow(2) * (total + 1))

    def entropy(self):
        a, n = self.concentration, self._event_shape[0]
        total = a.sum(-1)
        return (
            rl.lgamma(a).sum(-1)
            - rl.lgamma(total)
            - (n - total) * rl.digamma(total)
            - ((a - 1.0) * rl.digamma(a)).sum(-1)
        )
