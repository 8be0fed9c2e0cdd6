"""Distributions against PyTorch's: draws for the same seed, densities, moments, divergences."""

import math

import pytest
import rushlight
import torch
from rushlight import distributions as ours
from torch import distributions as theirs

MATRIX = [[2.0, 0.5], [0.5, 1.0]]

# name: (parameters, values inside the support)
CASES = {
    "Normal": ({"loc": [0.5, -1.0], "scale": [1.0, 2.5]}, [0.3, -4.0]),
    "Laplace": ({"loc": [0.5, -1.0], "scale": [1.0, 2.5]}, [0.3, -4.0]),
    "LogNormal": ({"loc": [0.5, -1.0], "scale": [1.0, 0.5]}, [0.3, 4.0]),
    "Exponential": ({"rate": [0.5, 3.0]}, [0.3, 4.0]),
    "Uniform": ({"low": [0.0, -2.0], "high": [1.0, 2.0]}, [0.3, -1.5]),
    "Poisson": ({"rate": [0.5, 30.0]}, [2.0, 25.0]),
    "Bernoulli": ({"probs": [0.3, 0.9]}, [1.0, 0.0]),
    "Bernoulli logits": ({"logits": [0.3, -2.0]}, [1.0, 0.0]),
    "Categorical": ({"probs": [[0.1, 0.2, 0.7], [3.0, 1.0, 0.0]]}, [2, 1]),
    "Categorical logits": ({"logits": [[0.1, 0.2, 0.7], [3.0, 1.0, 0.0]]}, [2, 1]),
    "OneHotCategorical": ({"probs": [[0.1, 0.2, 0.7]]}, [[0.0, 1.0, 0.0]]),
    "Gamma": ({"concentration": [0.4, 7.0], "rate": [2.0, 0.5]}, [0.3, 14.0]),
    "Chi2": ({"df": [1.0, 5.0]}, [0.3, 4.0]),
    "Beta": ({"concentration1": [0.5, 3.0], "concentration0": [0.7, 2.0]}, [0.3, 0.8]),
    "Dirichlet": ({"concentration": [[0.5, 3.0, 1.5]]}, [[0.2, 0.5, 0.3]]),
    "MultivariateNormal": ({"loc": [0.0, 1.0], "covariance_matrix": MATRIX}, [[0.3, -1.0]]),
    "MultivariateNormal precision": ({"loc": [0.0, 1.0], "precision_matrix": MATRIX}, [0.3, -1.0]),
    "MultivariateNormal factor": (
        {"loc": [[0.0, 1.0]], "scale_tril": [[2.0, 0.0], [0.5, 1.0]]},
        [0.3, -1.0],
    ),
}
CASES |= {
    "Geometric": ({"probs": [0.3, 0.9]}, [2.0, 0.0]),
    "Geometric logits": ({"logits": [0.3, -0.9]}, [2.0, 0.0]),
    "Cauchy": ({"loc": [0.5, -1.0], "scale": [1.0, 2.5]}, [0.3, -4.0]),
    "HalfNormal": ({"scale": [1.0, 2.5]}, [0.3, 4.0]),
    "Gumbel": ({"loc": [0.5, -1.0], "scale": [1.0, 2.5]}, [0.3, -4.0]),
    "StudentT": ({"df": [0.9, 1.5, 5.0], "loc": 0.5, "scale": 2.0}, [0.3, -4.0, 1.0]),
    "RelaxedBernoulli": ({"temperature": 0.7, "probs": [0.3, 0.9]}, [0.6, 0.2]),
    "RelaxedOneHotCategorical": ({"temperature": 0.7, "logits": [0.1, 1.0]}, [[0.6, 0.4]]),
    "Multinomial": (
        {"total_count": 3, "probs": [[0.1, 0.2, 0.7], [0.3, 0.7, 0.0]]},
        [0.0, 3.0, 0.0],
    ),
}
# Draws that follow another algorithm than PyTorch's, so that their numbers differ.
OTHER_DRAWS = {"Poisson"}


def make(lib, dists, name, grad=False, dtype="float32"):
    parameters, _ = CASES[name]
    numbers = {k: v for k, v in parameters.items() if isinstance(v, int)}
    lists = {k: v for k, v in parameters.items() if k not in numbers}
    tensors = {k: lib.tensor(v, dtype=getattr(lib, dtype)) for k, v in lists.items()}
    if grad:
        tensors = {k: t.requires_grad_() for k, t in tensors.items()}
    return getattr(dists, name.split()[0])(**tensors, **numbers), tensors


def both(name, **options):
    return make(rushlight, ours, name, **options), make(torch, theirs, name, **options)


def check(one, two, rel=1e-5):
    assert tuple(one.shape) == tuple(two.shape)
    one, two = flat(one), flat(two)
    assert one == [pytest.approx(x, rel=rel, abs=1e-6, nan_ok=True) for x in two]


def flat(tensor):
    return [float(x) for x in tensor.detach().reshape(-1).tolist()]


@pytest.mark.parametrize("name", CASES)
def test_log_probabilities_and_their_gradients(name):
    (one, inputs), (two, expected) = both(name, grad=True)
    value = CASES[name][1]
    log_probs = one.log_prob(rushlight.tensor(value)), two.log_prob(torch.tensor(value))
    check(*log_probs)
    for result in log_probs:
        result.sum().backward()
    for key in inputs:
        check(inputs[key].grad, expected[key].grad, rel=1e-4)


@pytest.mark.parametrize("attribute", ["mean", "mode", "variance", "stddev"])
@pytest.mark.parametrize("name", CASES)
def test_moments(name, attribute):
    (one, _), (two, _) = both(name)
    try:
        expected = getattr(two, attribute)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            getattr(one, attribute)
        return
    check(getattr(one, attribute), expected)


@pytest.mark.parametrize("vectors", [False, True])
def test_mixtures(vectors):
    for_both = []
    for lib, dists in [(rushlight, ours), (torch, theirs)]:
        lib.manual_seed(5)
        weights = dists.Categorical(lib.tensor([[0.3, 0.7], [0.5, 0.5]]))
        parts = dists.Normal(lib.arange(8.0).view(2, 2, 2), 0.5)
        parts = dists.Independent(parts, 1) if vectors else dists.Normal(parts.mean[..., 0], 0.5)
        mixture = dists.MixtureSameFamily(weights, parts)
        sample = mixture.sample((3,))
        for_both.append([sample, mixture.log_prob(sample), mixture.mean, mixture.variance])
        for_both[-1] += [mixture.expand((4, 2)).log_prob(sample[0])]
        for_both[-1] += [] if vectors else [mixture.cdf(sample)]
    for one, two in zip(*for_both):
        check(one, two)


@pytest.mark.parametrize("name", CASES)
def test_shapes_entropy_and_functions_of_values(name):
    (one, _), (two, _) = both(name)
    assert tuple(one.batch_shape) == tuple(two.batch_shape)
    assert tuple(one.event_shape) == tuple(two.event_shape)
    assert one.has_rsample == two.has_rsample
    value = CASES[name][1]
    for method, argument in [("entropy", None), ("cdf", value), ("icdf", [0.25, 0.75])]:
        arguments = [] if argument is None else [argument]
        try:
            expected = getattr(two, method)(*map(torch.tensor, arguments))
        except NotImplementedError:
            continue
        check(getattr(one, method)(*map(rushlight.tensor, arguments)), expected)


@pytest.mark.parametrize("shape", [(), (3,), (20, 2)])
@pytest.mark.parametrize("name", [name for name in CASES if name not in OTHER_DRAWS])
def test_draws_for_the_same_seed(name, shape):
    (one, _), (two, _) = both(name)
    rushlight.manual_seed(7)
    draws = [one.sample(shape), one.sample()]
    torch.manual_seed(7)
    check(draws[0], two.sample(shape))
    check(draws[1], two.sample())


@pytest.mark.parametrize("name", [name for name in CASES if name not in OTHER_DRAWS])
def test_gradients_of_draws(name):
    (one, inputs), (two, expected) = both(name, grad=True)
    if not two.has_rsample:
        pytest.skip("samples have no gradient")
    for distribution, lib in [(one, rushlight), (two, torch)]:
        lib.manual_seed(3)
        sample = distribution.rsample((4,))
        weights = lib.arange(float(sample.numel())).view(sample.shape)
        (sample * weights).sum().backward()
    if name in ("Beta", "Dirichlet"):  # another estimate of the same gradient, for each draw
        assert all(t.grad is not None for t in inputs.values())
        return
    for key in inputs:
        check(inputs[key].grad, expected[key].grad, rel=2e-3)


def test_gradients_of_dirichlet_draws_are_those_of_the_mean():
    rushlight.manual_seed(0)
    concentration = rushlight.tensor([0.8, 2.0, 1.5]).requires_grad_()
    weights = rushlight.tensor([1.0, -2.0, 0.5])
    sample = ours.Dirichlet(concentration).rsample((4000,))
    (sample @ weights).mean().backward()
    exact = torch.tensor([0.8, 2.0, 1.5], requires_grad=True)
    (theirs.Dirichlet(exact).mean @ torch.tensor([1.0, -2.0, 0.5])).backward()
    assert flat(concentration.grad) == [pytest.approx(x, abs=0.02) for x in flat(exact.grad)]


@pytest.mark.parametrize("name", CASES)
def test_expansion(name):
    (one, _), (two, _) = both(name)
    batch = (3, *tuple(two.batch_shape))
    one, two = one.expand(batch), two.expand(batch)
    assert tuple(one.batch_shape) == batch
    value = CASES[name][1]
    check(one.log_prob(rushlight.tensor(value)), two.log_prob(torch.tensor(value)))
    assert tuple(one.sample((2,)).shape) == tuple(two.sample((2,)).shape)


@pytest.mark.parametrize("name", ["Bernoulli", "Categorical", "OneHotCategorical"])
@pytest.mark.parametrize("expand", [True, False])
def test_values_of_the_support(name, expand):
    (one, _), (two, _) = both(name)
    check(one.enumerate_support(expand), two.enumerate_support(expand))


KL = {
    "Normal": [{"loc": 0.0, "scale": 1.0}, {"loc": 1.0, "scale": 2.0}],
    "Laplace": [{"loc": 0.0, "scale": 1.0}, {"loc": 1.0, "scale": 2.0}],
    "LogNormal": [{"loc": 0.0, "scale": 1.0}, {"loc": 1.0, "scale": 2.0}],
    "Exponential": [{"rate": 0.5}, {"rate": 2.0}],
    "Uniform": [{"low": 0.0, "high": 1.0}, {"low": -1.0, "high": 3.0}],
    "Poisson": [{"rate": 0.5}, {"rate": 2.0}],
    "Bernoulli": [{"probs": [0.5, 0.0, 1.0]}, {"probs": [0.2, 0.3, 0.0]}],
    "Categorical": [{"probs": [[0.5, 0.5, 0.0]]}, {"probs": [[0.2, 0.3, 0.5]]}],
    "OneHotCategorical": [{"probs": [0.5, 0.5, 0.0]}, {"probs": [0.2, 0.8, 0.0]}],
    "Gamma": [{"concentration": 0.4, "rate": 2.0}, {"concentration": 3.0, "rate": 1.0}],
    "Beta": [
        {"concentration1": 0.4, "concentration0": 2.0},
        {"concentration1": 3.0, "concentration0": 1.0},
    ],
    "Dirichlet": [{"concentration": [0.4, 2.0]}, {"concentration": [3.0, 1.0]}],
    "MultivariateNormal": [
        {"loc": [[0.0, 1.0]], "covariance_matrix": MATRIX},
        {"loc": [1.0, 1.0], "scale_tril": [[1.0, 0.0], [-0.5, 2.0]]},
    ],
}


@pytest.mark.parametrize("name", KL)
def test_divergences(name):
    for pair in (KL[name], KL[name][::-1]):
        results = []
        for lib, dists in [(rushlight, ours), (torch, theirs)]:
            p, q = (
                getattr(dists, name)(**{k: lib.tensor(v) for k, v in parameters.items()})
                for parameters in pair
            )
            results.append(dists.kl_divergence(p, q))
        check(*results)


def test_independent_and_transformed():
    for_both = []
    for lib, dists in [(rushlight, ours), (torch, theirs)]:
        lib.manual_seed(1)
        base = dists.Normal(lib.zeros(2, 3), lib.ones(2, 3) * 1.5)
        joint = dists.Independent(base, 1)
        squashed = dists.TransformedDistribution(
            joint, [dists.AffineTransform(0.5, 2.0), dists.TanhTransform(cache_size=1)]
        )
        sample = squashed.rsample((4,))
        log_prob = squashed.log_prob(sample)
        chain = dists.TransformedDistribution(
            dists.Uniform(lib.zeros(2), lib.ones(2)),
            [dists.SigmoidTransform().inv, dists.AffineTransform(lib.tensor(1.0), -2.0)],
        )
        value = lib.tensor([0.3, 2.0])
        for_both.append(
            [joint.log_prob(lib.ones(2, 3)), joint.entropy(), sample, log_prob]
            + [chain.log_prob(value), chain.cdf(value), chain.icdf(lib.tensor([0.2, 0.6]))]
            + [lib.tensor([float(len(d.event_shape)) for d in (joint, squashed, chain)])]
        )
    for one, two in zip(*for_both):
        check(one, two, rel=1e-4)


TRANSFORMS = ["ExpTransform", "SigmoidTransform", "TanhTransform", "SoftplusTransform"]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name):
    x = [-2.0, 0.1, 3.0]
    one, two = getattr(ours, name)(), getattr(theirs.transforms, name)()
    ones, twos = rushlight.tensor(x), torch.tensor(x)
    check(one(ones), two(twos))
    check(one.inv(one(ones)), two.inv(two(twos)), rel=1e-3)
    check(one.log_abs_det_jacobian(ones, one(ones)), two.log_abs_det_jacobian(twos, two(twos)))


WRONG = [
    ("Normal", {"loc": 0.0, "scale": -1.0}),
    ("Normal", {"loc": math.nan, "scale": 1.0}),
    ("Bernoulli", {"probs": 1.5}),
    ("Categorical", {"probs": [-1.0, 2.0]}),
    ("Uniform", {"low": 1.0, "high": 0.0}),
    ("Gamma", {"concentration": 0.0, "rate": 1.0}),
    ("MultivariateNormal", {"loc": [0.0, 0.0], "covariance_matrix": [[1.0, 2.0], [2.0, 1.0]]}),
]


@pytest.mark.parametrize("name, parameters", WRONG)
def test_wrong_parameters_are_refused(name, parameters):
    for lib, dists in [(rushlight, ours), (torch, theirs)]:
        with pytest.raises(ValueError):
            getattr(dists, name)(**{k: lib.tensor(v) for k, v in parameters.items()})


def test_wrong_values_are_refused():
    for lib, dists in [(rushlight, ours), (torch, theirs)]:
        for distribution, value in [
            (dists.Bernoulli(lib.tensor([0.5])), lib.tensor([0.3])),
            (dists.Categorical(lib.ones(3)), lib.tensor(3)),
            (dists.Exponential(lib.tensor(1.0)), lib.tensor(-1.0)),
            (dists.Normal(lib.zeros(2), 1.0), lib.zeros(3)),
            (dists.Dirichlet(lib.ones(3)), lib.ones(2)),
            (dists.Normal(0.0, 1.0), 0.5),
        ]:
            with pytest.raises(ValueError):
                distribution.log_prob(value)
        unchecked = dists.Bernoulli(lib.tensor([0.5]), validate_args=False)
        unchecked.log_prob(lib.tensor([0.3]))
