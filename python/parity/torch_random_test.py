"""Random numbers: for the same seed PyTorch's, and the streams go on alike."""

import numpy
import pytest
import rushlight
import torch

DRAWS = {
    "rand": lambda t: t.rand(3, 5),
    "rand-double": lambda t: t.rand(7, dtype=t.float64),
    "rand_like": lambda t: t.rand_like(t.zeros(4, 4)),
    "randn": lambda t: t.randn(5),
    "randn-many": lambda t: t.randn(4, 9),
    "randn-double": lambda t: t.randn(20, dtype=t.float64),
    "randn_like": lambda t: t.randn_like(t.zeros(4, 4)),
    "randint": lambda t: t.randint(10, (20,)),
    "randint-range": lambda t: t.randint(-5, 5, (2, 3), dtype=t.int32),
    "randint-wide": lambda t: t.randint(0, 2**40, (9,)),
    "randint_like": lambda t: t.randint_like(t.zeros(5), 3, 9),
    "randperm": lambda t: t.randperm(50),
    "normal": lambda t: t.normal(1.0, 2.0, (20,)),
    "normal-tensors": lambda t: t.normal(t.arange(20.0), t.arange(1.0, 21.0)),
    "normal-mean": lambda t: t.normal(t.arange(20.0), 0.5),
    "normal-std": lambda t: t.normal(0.5, t.arange(1.0, 21.0)),
    "bernoulli": lambda t: t.bernoulli(t.full((40,), 0.3)),
    "bernoulli-double": lambda t: t.bernoulli(t.full((40,), 0.3, dtype=t.float64)),
    "bernoulli_": lambda t: t.empty(40).bernoulli_(0.3),
    "bernoulli_-tensor": lambda t: t.empty(40).bernoulli_(t.full((40,), 0.3)),
    "bernoulli_-int": lambda t: t.empty(40, dtype=t.int64).bernoulli_(0.7),
    "multinomial": lambda t: t.multinomial(t.arange(1.0, 30), 7),
    "multinomial-one": lambda t: t.multinomial(t.arange(1.0, 61).reshape(20, 3), 1),
    "multinomial-replacement": lambda t: t.multinomial(t.arange(1.0, 30), 50, replacement=True),
    "multinomial-rows": lambda t: t.multinomial(t.arange(1.0, 31).reshape(3, 10), 8, True),
    "uniform_": lambda t: t.empty(4, 5).uniform_(-2, 3),
    "normal_": lambda t: t.empty(4, 5).normal_(1, 3),
    "random_": lambda t: t.empty(9, dtype=t.int64).random_(),
    "random_-float": lambda t: t.empty(9).random_(),
    "random_-to": lambda t: t.empty(9, dtype=t.int32).random_(7),
    "random_-range": lambda t: t.empty(9).random_(-3, 12),
    "exponential_": lambda t: t.empty(30).exponential_(2.0),
    "exponential_-double": lambda t: t.empty(30, dtype=t.float64).exponential_(),
    "geometric_": lambda t: t.empty(30).geometric_(0.3),
    "geometric_-int": lambda t: t.empty(30, dtype=t.int64).geometric_(0.3),
    "cauchy_": lambda t: t.empty(30).cauchy_(1, 2),
    "log_normal_": lambda t: t.empty(30).log_normal_(0.5, 0.25),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("seed", [0, 1234, 2**40 + 7])
def test_draws_are_pytorchs(name, seed):
    torch.manual_seed(seed)
    rushlight.manual_seed(seed)
    for _ in range(2):
        wanted, got = DRAWS[name](torch), DRAWS[name](rushlight)
        assert str(got.dtype).split(".")[1] == str(wanted.dtype).split(".")[1]
        numpy.testing.assert_allclose(
            numpy.array(got.tolist()), numpy.array(wanted.tolist()), rtol=3e-6, atol=1e-7
        )
    assert rushlight.rand(1).item() == torch.rand(1).item()


GIVEN = {
    "rand": lambda t, g: t.rand(5, generator=g),
    "randn": lambda t, g: t.randn(20, generator=g),
    "randint": lambda t, g: t.randint(0, 9, (5,), generator=g),
    "randperm": lambda t, g: t.randperm(9, generator=g),
    "bernoulli": lambda t, g: t.bernoulli(t.full((9,), 0.5), generator=g),
    "multinomial": lambda t, g: t.multinomial(t.ones(9), 9, replacement=True, generator=g),
    "multinomial-one": lambda t, g: t.multinomial(t.ones(9), 1, generator=g),
    "normal": lambda t, g: t.normal(0.0, 1.0, (3,), generator=g),
    "uniform_": lambda t, g: t.empty(3).uniform_(generator=g),
    "exponential_": lambda t, g: t.empty(3).exponential_(generator=g),
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_given_generator_is_drawn_from(name):
    results = []
    for lib in (torch, rushlight):
        lib.manual_seed(3)
        g = lib.Generator().manual_seed(2147483647)
        results.append((GIVEN[name](lib, g).tolist(), lib.rand(1).item()))
    numpy.testing.assert_allclose(results[1][0], results[0][0], rtol=3e-6)
    assert results[1][1] == results[0][1]
