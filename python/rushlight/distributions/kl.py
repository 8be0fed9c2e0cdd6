"""The divergence of Kullback and Leibler between distributions."""

from __future__ import annotations

import rushlight as rl
from rushlight import _C

from .bernoulli import Bernoulli
from .beta import Beta
from .categorical import Categorical
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .independent import Independent
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal, half_log_determinant, squared_distance
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import sum_rightmost

_rules = {}


def register_kl(type_p, type_q):
    """A decorator: the function(p, q) is kl_divergence for these classes and those derived."""
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl: expected classes of distributions, got {kind!r}")

    def register(function):
        _rules[type_p, type_q] = function
        return function

    return register


def kl_divergence(p, q):
    """The mean of log p(x) - log q(x) for x drawn from p, for each distribution of the batch."""
    for of_p in type(p).__mro__:
        for of_q in type(q).__mro__:
            rule = _rules.get((of_p, of_q))
            if rule is not None:
                return rule(p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type "
        f"{type(q).__name__}; add one with register_kl"
    )


@register_kl(Normal, Normal)
def _normal(p, q):
    variances = (p.scale / q.scale).pow(2)
    means = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (variances + means - 1 - variances.log())


@register_kl(Laplace, Laplace)
def _laplace(p, q):
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * rl.exp(-distance / p.scale) - 1


@register_kl(Exponential, Exponential)
def _exponential(p, q):
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Uniform, Uniform)
def _uniform(p, q):
    result = rl.log((q.high - q.low) / (p.high - p.low))
    return result.masked_fill((q.low > p.low) | (q.high < p.high), float("inf"))


@register_kl(Poisson, Poisson)
def _poisson(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p, q):
    softplus = _C.nn.softplus
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = ones.masked_fill(q.probs == 0, float("inf")).masked_fill(p.probs == 0, 0)
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zeros = zeros.masked_fill(q.probs == 1, float("inf")).masked_fill(p.probs == 1, 0)
    return ones + zeros


@register_kl(Categorical, Categorical)
def _categorical(p, q):
    terms = p.probs * (p.logits - q.logits)
    terms = terms.masked_fill((q.probs == 0).expand(terms.shape), float("inf"))
    return terms.masked_fill((p.probs == 0).expand(terms.shape), 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categorical(p, q):
    return _categorical(p._categorical, q._categorical)


@register_kl(Gamma, Gamma)
def _gamma(p, q):
    return (
        q.concentration * (p.rate / q.rate).log()
        + rl.lgamma(q.concentration)
        - rl.lgamma(p.concentration)
        + (p.concentration - q.concentration) * rl.digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p, q):
    total = p.concentration.sum(-1)
    constants = rl.lgamma(total) - rl.lgamma(q.concentration.sum(-1))
    gammas = (rl.lgamma(p.concentration) - rl.lgamma(q.concentration)).sum(-1)
    slopes = rl.digamma(p.concentration) - rl.digamma(total).unsqueeze(-1)
    return constants - gammas + ((p.concentration - q.concentration) * slopes).sum(-1)


@register_kl(Beta, Beta)
def _beta(p, q):
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p, q):
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes: "
            f"{tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    n = p.event_shape[0]
    batch = rl.broadcast_shapes(p._factor.shape[:-2], q._factor.shape[:-2])
    ours = p._factor.expand((*batch, n, n))
    theirs = q._factor.expand((*batch, n, n))
    spread = _C.linalg.solve_triangular(theirs, ours, upper=False).pow(2).sum((-2, -1))
    distance = squared_distance(q._factor, q.loc - p.loc)
    volumes = half_log_determinant(q._factor) - half_log_determinant(p._factor)
    return volumes + 0.5 * (spread + distance - n)


@register_kl(Independent, Independent)
def _independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: the two see different dimensions as one event")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p, q):
    same = [repr(t) for t in p.transforms] == [repr(t) for t in q.transforms]
    if not same or p.event_shape != q.event_shape:
        raise NotImplementedError("kl_divergence: the two are transformed differently")
    return kl_divergence(p.base_dist, q.base_dist)
