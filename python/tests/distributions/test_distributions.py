"""Distributions by facts about them: moments of draws, densities that sum to one, gradients."""

import math

import pytest
import rushlight
from rushlight import distributions as d

COUNT = 4000


def tensor(*values):
    return rushlight.tensor(values)


CASES = {
    "Normal": lambda: d.Normal(tensor(1.0), tensor(0.5)),
    "Laplace": lambda: d.Laplace(tensor(1.0), tensor(0.5)),
    "LogNormal": lambda: d.LogNormal(tensor(0.1), tensor(0.5)),
    "Exponential": lambda: d.Exponential(tensor(2.0)),
    "Uniform": lambda: d.Uniform(tensor(-1.0), tensor(2.0)),
    "Poisson": lambda: d.Poisson(tensor(3.5)),
    "Bernoulli": lambda: d.Bernoulli(tensor(0.3)),
    "OneHotCategorical": lambda: d.OneHotCategorical(tensor(0.3, 0.2, 0.5)),
    "MultivariateNormal": lambda: d.MultivariateNormal(
        tensor(0.5, -1.0), tensor([2.0, 0.5], [0.5, 1.0])
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_draws_have_the_mean_and_the_variance(name):
    distribution = CASES[name]()
    rushlight.manual_seed(0)
    draws = distribution.sample((COUNT,))
    spread = float(distribution.stddev.max())
    for found, expected in zip(draws.mean(0).tolist(), distribution.mean.tolist()):
        assert found == pytest.approx(expected, abs=5 * spread / math.sqrt(COUNT))
    ratio = draws.var(0) / distribution.variance
    assert ratio.reshape(-1).tolist() == [pytest.approx(1, abs=0.25)] * ratio.numel()
    assert math.isfinite(float(distribution.log_prob(draws).sum()))


def test_gamma_draws_have_the_mean():
    rushlight.manual_seed(0)
    for gamma in [d.Gamma(tensor(0.6), tensor(2.0)), d.Beta(tensor(2.0), tensor(3.0))]:
        found = float(gamma.sample((400,)).mean())
        assert found == pytest.approx(float(gamma.mean), abs=5 * float(gamma.stddev) / 20)


@pytest.mark.parametrize("name", list(CASES)[:5])
def test_densities_sum_to_one_and_are_slopes_of_the_cdf(name):
    distribution = CASES[name]()
    x = rushlight.linspace(-0.9, 1.9, 2801).view(-1, 1)
    x = (
        x[x > 0.01].view(-1, 1)
        if type(distribution).__name__ in ("LogNormal", "Exponential")
        else x
    )
    share = float((distribution.log_prob(x).exp() * 0.001).sum())
    cdf = distribution.cdf(x)
    assert share == pytest.approx(float(cdf[-1] - cdf[0]), abs=5e-3)
    shares = rushlight.tensor([[0.1], [0.5], [0.8]])
    again = distribution.cdf(distribution.icdf(shares))
    assert again.reshape(-1).tolist() == [pytest.approx(s, abs=1e-4) for s in (0.1, 0.5, 0.8)]


def test_policies_learn_from_log_probabilities():
    logits = rushlight.zeros(3).requires_grad_()
    policy = d.Categorical(logits=logits)
    assert policy.entropy().item() == pytest.approx(math.log(3))
    (-policy.log_prob(rushlight.tensor(1))).backward()
    assert logits.grad.tolist() == [pytest.approx(v, abs=1e-6) for v in (1 / 3, -2 / 3, 1 / 3)]


def test_reparameterised_draws_carry_gradients():
    loc, scale = tensor(0.0).requires_grad_(), tensor(1.0).requires_grad_()
    sample = d.Normal(loc, scale).rsample((5,))
    sample.sum().backward()
    assert loc.grad.tolist() == [5.0]
    assert scale.grad.item() == pytest.approx(float(sample.sum()), rel=1e-5)
    assert not d.Normal(loc, scale).sample().requires_grad


def test_mistakes_are_explained():
    with pytest.raises(ValueError, match=r"scale .*GreaterThan\(lower_bound=0.0\)"):
        d.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match=r"within the support \(Boolean\(\)\)"):
        d.Bernoulli(0.5).log_prob(tensor(0.5))
    with pytest.raises(ValueError, match="either probs or logits"):
        d.Categorical()
    with pytest.raises(NotImplementedError, match="register_kl"):
        d.kl_divergence(d.Normal(0.0, 1.0), d.Poisson(1.0))
    with pytest.raises(ValueError, match="exactly one"):
        d.MultivariateNormal(rushlight.zeros(2))


def test_own_distributions_and_divergences():
    class Point(d.Distribution):
        arg_constraints = {}
        support = d.constraints.real

        def __init__(self, at):
            self.at = at
            super().__init__(at.shape)

        def rsample(self, sample_shape=()):
            return self.at.expand(self._extended_shape(sample_shape))

    @d.register_kl(Point, d.Normal)
    def kl(p, q):
        return -q.log_prob(p.at)

    point = Point(tensor(1.0, 2.0))
    assert point.sample((3,)).shape == (3, 2)
    normal = d.Normal(0.0, 1.0)
    assert d.kl_divergence(point, normal).tolist() == (-normal.log_prob(point.at)).tolist()
