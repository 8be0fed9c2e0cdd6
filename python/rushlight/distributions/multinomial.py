"""How often each of K things is drawn."""

from __future__ import annotations

import math

import rushlight as rl
from rushlight import _C

from . import constraints
from .over_categorical import OverCategorical
from .utils import broadcast_all


class Multinomial(OverCategorical):
    """The counts of 0 to K - 1 among `total_count` draws of a Categorical."""

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        if not isinstance(total_count, int):
            raise NotImplementedError("Multinomial: total_count must be one int for all")
        self.total_count = total_count
        super().__init__(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self):
        return constraints.multinomial(self.total_count)

    @property
    def mean(self):
        return self.probs * self.total_count

    @property
    def variance(self):
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        counts = _C.nn.one_hot(drawn, self._event_shape[0]).sum(0)
        return counts.to(self.probs.dtype)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        orders = rl.lgamma(value.sum(-1) + 1) - rl.lgamma(value + 1).sum(-1)
        impossible = (value == 0) & (logits == -float("inf"))
        return orders + (logits.masked_fill(impossible, 0) * value).sum(-1)

    def entropy(self):
        n, p = self.total_count, self.probs
        counts = rl.arange(n + 1, dtype=p.dtype).view((-1, *(1,) * p.ndim))
        orders = rl.lgamma(counts + 1)
        # How probable each count of each thing is: a binomial distribution.
        binomials = math.lgamma(n + 1) - orders - rl.lgamma(n - counts + 1)
        chances = (binomials + rl.xlogy(counts, p) + rl.xlogy(n - counts, 1 - p)).exp()
        expected = (chances * orders).sum((0, -1))
        return n * self._categorical.entropy() - math.lgamma(n + 1) + expected
