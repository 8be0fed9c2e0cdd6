"""Initialisers."""

import math

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.nn import init


def test_gains():
    assert init.calculate_gain("linear") == 1 and init.calculate_gain("conv2d") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu", 1) == 1
    assert init.calculate_gain("selu") == 0.75
    with pytest.raises(ValueError, match="Unsupported nonlinearity sin"):
        init.calculate_gain("sin")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", "x")


def test_parameters_are_filled_in_place_without_a_graph():
    weight = nn.Parameter(torch.empty(4, 3))
    for fill in (init.ones_, init.zeros_, init.xavier_uniform_, init.kaiming_normal_):
        assert fill(weight) is weight and weight.is_leaf
    assert init.constant_(weight, 3.0).tolist() == [[3.0] * 3] * 4


def test_ranges():
    t = torch.empty(100, 50)
    bound = math.sqrt(6 / 150)
    assert init.xavier_uniform_(t).abs().max().item() <= bound
    assert abs(init.xavier_normal_(t).std().item() - math.sqrt(2 / 150)) < 0.01
    assert init.kaiming_uniform_(t, mode="fan_out").abs().max().item() <= math.sqrt(6 / 100)
    for low, high in ((-0.5, 1.0), (3.0, 4.0)):
        values = init.trunc_normal_(t, a=low, b=high)
        assert values.min().item() >= low and values.max().item() <= high
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(t, mean=9.0)


def test_orthogonal_rows():
    for shape in ((3, 5), (5, 3), (4, 2, 3)):
        t = init.orthogonal_(torch.empty(*shape), gain=2.0).reshape(shape[0], -1)
        square = t @ t.T if t.shape[0] <= t.shape[1] else t.T @ t
        assert torch.allclose(square, 4 * torch.eye(square.shape[0]), atol=1e-5)


def test_eye_dirac_and_sparse():
    assert init.eye_(torch.empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    weight = init.dirac_(torch.empty(4, 2, 3), groups=2)
    x = torch.randn(1, 4, 6)
    assert torch.equal(nn.functional.conv1d(x, weight, padding=1, groups=2), x)
    zeros = (init.sparse_(torch.empty(10, 4), 0.3) == 0).sum(0)
    assert zeros.tolist() == [3] * 4


def test_wrong_tensors_are_refused():
    for fill in (init.eye_, lambda t: init.sparse_(t, 0.5)):
        with pytest.raises(ValueError, match="Only tensors with 2 dimensions"):
            fill(torch.empty(3))
    with pytest.raises(ValueError, match="3, 4, or 5 dimensions"):
        init.dirac_(torch.empty(3, 3))
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_uniform_(torch.empty(3))
    with pytest.raises(ValueError, match="Mode fan_middle not supported"):
        init.kaiming_uniform_(torch.empty(3, 3), mode="fan_middle")
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(torch.empty(0, 3))


def test_older_names_warn():
    with pytest.warns(FutureWarning, match="nn.init.xavier_normal_"):
        init.xavier_normal(torch.empty(2, 2))


def test_skip_init_draws_nothing():
    torch.manual_seed(0)
    before = torch.rand(1).item()
    torch.manual_seed(0)
    layer = nn.utils.skip_init(nn.Linear, 3, 4)
    assert layer.weight.shape == (4, 3) and torch.rand(1).item() == before
