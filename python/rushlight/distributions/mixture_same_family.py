"""Mixtures: one of several distributions of a family is chosen, then drawn from."""

from __future__ import annotations

import rushlight as rl
from rushlight import _C

from . import constraints
from .categorical import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """The last batch dimension of `component_distribution` holds the distributions that
    `mixture_distribution`, a Categorical, chooses from."""

    arg_constraints = {}

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "MixtureSameFamily: mixture_distribution should be a Categorical, got "
                f"{type(mixture_distribution).__name__}"
            )
        batch = component_distribution.batch_shape
        choices = mixture_distribution.param_shape[-1]
        if not batch or batch[-1] != choices:
            raise ValueError(
                f"MixtureSameFamily: the mixture chooses among {choices}, the components have "
                f"batch shape {tuple(batch)}"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape, _instance=None):
        new = super().expand(batch_shape, _instance)
        choices = self._mixture_distribution.param_shape[-1]
        new._component_distribution = self._component_distribution.expand((*batch_shape, choices))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        return new

    @property
    def mixture_distribution(self):
        return self._mixture_distribution

    @property
    def component_distribution(self):
        return self._component_distribution

    @constraints.dependent_property
    def support(self):
        return self._component_distribution.support

    def _axis(self):
        return -1 - len(self._event_shape)

    def _weights(self):
        probs = self._mixture_distribution.probs
        return probs.reshape((*probs.shape, *(1,) * len(self._event_shape)))

    @property
    def mean(self):
        return (self._weights() * self._component_distribution.mean).sum(self._axis())

    @property
    def variance(self):
        parts, weights = self._component_distribution, self._weights()
        distance = parts.mean - self.mean.unsqueeze(self._axis())
        return (weights * parts.variance + weights * distance.pow(2)).sum(self._axis())

    def sample(self, sample_shape=()):
        with rl.no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            parts = self._component_distribution.sample(sample_shape)
            events = tuple(self._event_shape)
            chosen = chosen.reshape((*chosen.shape, 1, *(1,) * len(events)))
            chosen = chosen.expand((*chosen.shape[: chosen.ndim - len(events)], *events))
            return parts.gather(self._axis(), chosen).squeeze(self._axis())

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        parts = self._component_distribution.log_prob(value.unsqueeze(self._axis()))
        weights = _C.nn.log_softmax(self._mixture_distribution.logits, dim=-1)
        return (parts + weights).logsumexp(dim=-1)

    def cdf(self, value):
        parts = self._component_distribution.cdf(value.unsqueeze(self._axis()))
        return (parts * self._mixture_distribution.probs).sum(-1)
