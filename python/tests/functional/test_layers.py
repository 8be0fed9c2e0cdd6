"""Functions of nn.functional against values worked out by hand, and what they refuse."""

import pytest
import rushlight as torch
import rushlight.nn.functional as F


def close(tensor, expected, tolerance=1e-5):
    assert tensor.tolist() == pytest.approx(expected, abs=tolerance)


def test_linear_is_a_product_with_the_transpose():
    x, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0], [0.0, 1.0]])
    assert F.linear(x, weight, torch.tensor([1.0, 0.0, 0.0])).tolist() == [[12.0, 17.0, 2.0]]


def test_convolution_takes_padding_by_name():
    x, weight = torch.arange(5.0).reshape(1, 1, 5), torch.ones(1, 1, 2)
    assert F.conv1d(x, weight, padding="valid").tolist() == [[[1.0, 3.0, 5.0, 7.0]]]
    assert F.conv1d(x, weight, padding="same").tolist() == [[[1.0, 3.0, 5.0, 7.0, 4.0]]]
    with pytest.raises(RuntimeError, match="strided"):
        F.conv1d(x, weight, stride=2, padding="same")


def test_max_pool_says_where_its_maxima_lie_and_unpool_puts_them_back():
    x = torch.tensor([[[1.0, 5.0, 2.0, 4.0]]])
    values, places = F.max_pool1d(x, 2, return_indices=True)
    assert values.tolist() == [[[5.0, 4.0]]] and places.tolist() == [[[1, 3]]]
    assert F.max_unpool1d(values, places, 2).tolist() == [[[0.0, 5.0, 0.0, 4.0]]]
    assert F.max_pool1d(x, 2).tolist() == values.tolist()


def test_fractional_pool_takes_given_samples():
    x = torch.arange(25.0).reshape(1, 1, 5, 5)
    samples = torch.tensor([[[0.5, 0.5]]])
    values, places = F.fractional_max_pool2d(
        x, 2, output_size=3, return_indices=True, _random_samples=samples
    )
    assert values.shape == (1, 1, 3, 3)
    assert values.flatten().tolist() == [float(i) for i in places.flatten().tolist()]
    assert F.fractional_max_pool2d(x, 2, output_ratio=0.6).shape == (1, 1, 3, 3)


def test_in_place_returns_its_argument_and_keeps_gradients_right():
    leaf = torch.tensor([-1.0, 2.0], requires_grad=True)
    middle = leaf * 1
    assert F.silu(middle, inplace=True) is middle
    middle.sum().backward()
    other = torch.tensor([-1.0, 2.0], requires_grad=True)
    F.silu(other).sum().backward()
    assert leaf.grad.tolist() == other.grad.tolist()
    with pytest.raises(RuntimeError):
        F.relu(leaf, inplace=True)


def test_softmax_without_an_axis_warns():
    with pytest.warns(UserWarning, match="dim=X"):
        close(F.softmax(torch.zeros(2, 4)).sum(1), [1.0, 1.0])


def test_dropout_scales_what_it_keeps():
    torch.manual_seed(0)
    x = torch.ones(1000)
    y = F.dropout(x, 0.25)
    assert sorted(set(y.tolist())) == pytest.approx([0.0, 4 / 3])
    assert 0.2 < (y == 0).float().mean().item() < 0.3
    assert F.dropout(x, 0.25, training=False).tolist() == x.tolist()
    assert F.dropout(x, 0.5, inplace=True) is x and 0.0 in x.tolist()
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.dropout(x, 1.5)


def test_channels_are_dropped_whole():
    torch.manual_seed(0)
    y = F.dropout2d(torch.ones(8, 16, 3, 3), 0.5)
    per_channel = y.flatten(2)
    assert (per_channel == per_channel[..., :1]).all()
    assert 0 < (per_channel[..., 0] == 0).sum().item() < 128


def test_embedding_shortens_long_rows_where_they_lie():
    table = torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    y = F.embedding(torch.tensor([0, 1]), table, max_norm=1.0)
    close(y.norm(dim=1), [1.0, 0.5])
    close(table.detach()[2], [6.0, 8.0])
    close(table.detach()[0], [0.6, 0.8])
    y.sum().backward()
    assert table.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]


def test_batch_norm_moves_its_statistics():
    mean, var = torch.zeros(2), torch.ones(2)
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    F.batch_norm(x, mean, var, training=True, momentum=0.5)
    close(mean, [1.0, 2.0])
    close(var, [1.5, 4.5])
    with pytest.raises(ValueError, match="more than 1 value"):
        F.batch_norm(torch.ones(1, 2), mean, var, training=True)


def test_pad_takes_the_last_axis_first():
    x = torch.ones(1, 2)
    assert F.pad(x, (1, 0, 0, 1), value=5.0).tolist() == [[5.0, 1.0, 1.0], [5.0, 5.0, 5.0]]
    assert F.pad(torch.arange(4), (-1, -1)).tolist() == [1, 2]


def test_attention_sees_what_the_mask_allows():
    q = torch.zeros(1, 2, 4)
    v = torch.tensor([[[1.0], [3.0]]])
    seen = torch.tensor([[True, False], [True, True]])
    assert F.scaled_dot_product_attention(q, q, v, seen).tolist() == [[[1.0], [2.0]]]
    assert F.scaled_dot_product_attention(q, q, v, is_causal=True).tolist() == [[[1.0], [2.0]]]


def test_keywords_and_help_are_pytorchs():
    assert "label_smoothing: float = 0.0" in F.cross_entropy.__doc__
    with pytest.raises(TypeError, match="weights"):
        F.cross_entropy(torch.zeros(1, 2), torch.tensor([0]), weights=None)
    with pytest.raises(TypeError, match="Tensor"):
        F.relu([1.0])
