"""Layers: what they compute, how they print, and what they refuse."""

import math

import pytest
import rushlight as torch
from rushlight import nn


def close(a, b, tolerance=1e-5):
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def test_linear_is_its_formula():
    layer, x = nn.Linear(3, 2), torch.randn(5, 3)
    assert close(layer(x), x @ layer.weight.T + layer.bias)
    assert nn.Linear(3, 2, bias=False).bias is None
    assert layer.weight.abs().max().item() <= 1 / math.sqrt(3)


def test_the_same_seed_gives_the_same_weights():
    torch.manual_seed(3)
    one = nn.Linear(4, 4)
    torch.manual_seed(3)
    other = nn.Linear(4, 4)
    assert torch.equal(one.weight, other.weight) and torch.equal(one.bias, other.bias)


def test_layers_take_a_dtype():
    assert nn.Linear(2, 2, dtype=torch.float64).weight.dtype == torch.float64
    assert nn.BatchNorm1d(2, dtype=torch.float64).running_mean.dtype == torch.float64
    assert nn.GRU(2, 2, dtype=torch.float64).weight_ih_l0.dtype == torch.float64


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (lambda: nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
        (lambda: nn.ReLU(), "ReLU()"),
        (lambda: nn.LeakyReLU(inplace=True), "LeakyReLU(negative_slope=0.01, inplace=True)"),
        (lambda: nn.Dropout(0.2), "Dropout(p=0.2, inplace=False)"),
        (lambda: nn.Conv2d(1, 2, 3), "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))"),
        (
            lambda: nn.Conv1d(2, 2, 3, padding="same", groups=2, bias=False),
            "Conv1d(2, 2, kernel_size=(3,), stride=(1,), padding=same, groups=2, bias=False)",
        ),
        (
            lambda: nn.MaxPool2d(2),
            "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
        ),
        (lambda: nn.Embedding(5, 2, padding_idx=0), "Embedding(5, 2, padding_idx=0)"),
        (lambda: nn.LSTM(3, 4, 2, batch_first=True), "LSTM(3, 4, num_layers=2, batch_first=True)"),
        (lambda: nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
    ],
)
def test_repr(layer, text):
    assert repr(layer()) == text


def test_conv_same_padding_keeps_the_size():
    for mode in ("zeros", "reflect", "circular"):
        layer = nn.Conv2d(1, 2, (3, 5), padding="same", padding_mode=mode)
        assert layer(torch.randn(1, 1, 8, 9)).shape == (1, 2, 8, 9)


def test_transposed_conv_takes_an_output_size():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2)
    x = torch.randn(1, 1, 4, 4)
    assert layer(x).shape == (1, 1, 9, 9)
    assert layer(x, output_size=[10, 10]).shape == (1, 1, 10, 10)
    with pytest.raises(ValueError, match="valid sizes range from"):
        layer(x, output_size=[20, 20])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible"),
        (lambda: nn.Conv2d(2, 4, 3, padding="full"), ValueError, "Invalid padding string 'full'"),
        (lambda: nn.Conv2d(2, 4, 3, stride=2, padding="same"), ValueError, "not supported for"),
        (lambda: nn.Dropout(1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "must be divisible by num_groups"),
        (lambda: nn.LSTM(0, 4), ValueError, "input_size must be greater than zero"),
        (lambda: nn.GRU(4, 4.0), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: nn.RNN(4, 4, nonlinearity="sin"), ValueError, "Unknown nonlinearity 'sin'"),
        (lambda: nn.MultiheadAttention(6, 4), AssertionError, "divisible by num_heads"),
        (lambda: nn.Hardtanh(1.0, 0.0), AssertionError, "must be greater than min_val"),
        (lambda: nn.Embedding(4, 2, padding_idx=4), AssertionError, "within num_embeddings"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "only p == 1 and p == 2 supported"),
        (lambda: nn.Unflatten(1, (2, 1.0)), TypeError, "element of type float at pos 1"),
        (lambda: nn.Module(3), TypeError, "takes 1 positional argument but 2 were given"),
    ],
)
def test_bad_options_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_batch_norm_counts_and_remembers():
    layer = nn.BatchNorm1d(2)
    x = torch.randn(50, 2) * 3 + 1
    y = layer(x)
    assert abs(y.mean().item()) < 1e-5
    assert layer.num_batches_tracked.item() == 1
    assert close(layer.running_mean, 0.1 * x.mean(0))
    layer.eval()
    expected = (x - layer.running_mean) / torch.sqrt(layer.running_var + 1e-5)
    assert close(layer(x), expected, 1e-4)
    with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 4D input\)"):
        layer(torch.randn(1, 2, 3, 4))


def test_dropout_heeds_the_mode():
    layer, x = nn.Dropout(0.5), torch.ones(1000)
    y = layer(x)
    assert set(y.tolist()) == {0.0, 2.0}
    assert torch.equal(layer.eval()(x), x)


def test_embedding_padding_row_gets_no_gradient():
    table = nn.Embedding(4, 2, padding_idx=1)
    assert table.weight[1].tolist() == [0, 0]
    table(torch.tensor([1, 2, 2])).sum().backward()
    assert table.weight.grad.tolist() == [[0, 0], [0, 0], [2, 2], [0, 0]]
    frozen = nn.Embedding.from_pretrained(torch.ones(3, 2))
    assert not frozen.weight.requires_grad and frozen.embedding_dim == 2


def test_softmax2d_and_flatten():
    y = nn.Softmax2d()(torch.randn(2, 3, 4, 4))
    assert close(y.sum(1), torch.ones(2, 4, 4))
    assert nn.Flatten()(torch.zeros(2, 3, 4)).shape == (2, 12)
    assert nn.Unflatten(1, (3, 4))(torch.zeros(2, 12)).shape == (2, 3, 4)


def test_losses_reduce():
    x, target = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    each = nn.CrossEntropyLoss(reduction="none")(x, target)
    assert close(nn.CrossEntropyLoss()(x, target), each.mean())
    assert close(nn.CrossEntropyLoss(reduction="sum")(x, target), each.sum())
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 0.0, 0.0]))
    assert close(weighted(x, target), each[0]) and list(weighted.state_dict()) == ["weight"]
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_triplet_loss_with_a_distance_of_ones_own():
    def distance(a, b):
        return (a - b).abs().sum(-1)

    loss = nn.TripletMarginWithDistanceLoss(distance_function=distance, margin=2.0)
    a, p, n = torch.zeros(1, 2), torch.ones(1, 2), torch.full((1, 2), 1.5)
    assert loss(a, p, n).item() == 1.0


def test_lazy_layers_become_ordinary_ones():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    assert repr(net[3].weight) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="uninitialized parameter"):
        _ = net[3].weight.shape
    assert net(torch.randn(2, 3, 5, 5)).shape == (2, 2)
    assert type(net[0]) is nn.Conv2d and type(net[3]) is nn.Linear
    assert net[0].weight.shape == (4, 3, 3, 3) and net[3].in_features == 36


def test_lazy_layers_load_a_state():
    lazy, ready = nn.LazyLinear(2), nn.Linear(3, 2)
    lazy.load_state_dict(ready.state_dict())
    assert torch.equal(lazy.weight, ready.weight)
    x = torch.randn(1, 3)
    assert close(lazy(x), ready(x)) and type(lazy) is nn.Linear
