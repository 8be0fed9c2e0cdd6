"""Random functions: recorded numbers of PyTorch's for a seed, ranges, generators, refusals."""

import pytest
import rushlight as torch


def test_recorded_numbers_of_a_seed():
    torch.manual_seed(5)
    waiting = torch.empty(3).exponential_(2.0).tolist()
    assert waiting == pytest.approx([0.5136321187, 0.1503890007, 0.2237905412], rel=1e-6)
    assert torch.empty(3).geometric_(0.3).tolist() == [4.0, 4.0, 1.0]
    torch.manual_seed(5)
    p = torch.arange(1.0, 9)
    assert torch.multinomial(p, 4).tolist() == [4, 3, 6, 2]
    assert torch.multinomial(p, 1).tolist() == [6]
    assert torch.multinomial(p, 6, replacement=True).tolist() == [4, 4, 6, 5, 6, 4]


@pytest.mark.parametrize(
    "draw",
    [
        lambda g: torch.rand(4, generator=g),
        lambda g: torch.randn(4, generator=g),
        lambda g: torch.randint(0, 9, (4,), generator=g),
        lambda g: torch.randperm(9, generator=g),
        lambda g: torch.empty(4).normal_(generator=g),
        lambda g: torch.multinomial(torch.ones(9), 3, generator=g),
        lambda g: torch.bernoulli(torch.full((20,), 0.5), generator=g),
    ],
)
def test_a_generator_of_ones_own_leaves_the_default_one_alone(draw):
    torch.manual_seed(1)
    wanted = torch.rand(1).item()
    torch.manual_seed(1)
    first = draw(torch.Generator().manual_seed(3)).tolist()
    assert draw(torch.Generator().manual_seed(3)).tolist() == first
    assert torch.rand(1).item() == wanted


def test_ranges():
    x = torch.empty(500).uniform_(2, 3)
    assert x.min() >= 2 and x.max() < 3
    n = torch.empty(500, dtype=torch.int64).random_(-2, 3)
    assert sorted(set(n.tolist())) == [-2, -1, 0, 1, 2]
    assert sorted(torch.randperm(20).tolist()) == list(range(20))
    assert set(torch.empty(200).bernoulli_(0.5).tolist()) == {0.0, 1.0}


def test_bad_parameters_are_refused():
    for call in (
        lambda: torch.multinomial(torch.ones(3), 4),
        lambda: torch.multinomial(torch.tensor([-1.0, 2.0]), 1),
        lambda: torch.randint(3, 3, (2,)),
        lambda: torch.empty(2).exponential_(-1),
        lambda: torch.empty(2).bernoulli_(1.5),
        lambda: torch.empty(2, dtype=torch.int64).normal_(),
    ):
        with pytest.raises(RuntimeError):
            call()
