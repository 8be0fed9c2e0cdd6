"""In-place writes through views: values, gradients, and what other views of the tensor see."""

import pytest
import rushlight as torch


def leaf(*shape):
    count = torch.Size(shape).numel()
    return torch.arange(1.0, count + 1).reshape(shape).requires_grad_()


def gradient_of(x, y):
    y.sum().backward()
    return x.grad.tolist()


def test_a_write_reaches_the_whole_and_views_taken_before():
    x = leaf(2, 3)
    y = x * 2
    row, flat, column = y[1], y.view(-1), y.t()[0]
    y[0].add_(1)
    flat[2:].mul_(3)
    assert y.tolist() == [[3, 5, 21], [24, 30, 36]]
    assert row.tolist() == [24, 30, 36] and column.tolist() == [3, 24]
    loss = (row * row).sum() + (column * torch.tensor([10.0, 100.0])).sum()
    loss.backward()
    assert x.grad.tolist() == [[20, 0, 0], [12 * 24 + 600, 12 * 30, 12 * 36]]


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (lambda y: y[0], [[0, 0, 0], [2, 2, 2]]),
        (lambda y: y[:, 1], [[2, 0, 2], [2, 0, 2]]),
        (lambda y: y.t()[1:, :1], [[2, 0, 0], [2, 2, 2]]),
        (lambda y: y.view(3, 2).select(1, 0), [[0, 2, 0], [2, 0, 2]]),
        (lambda y: y.diagonal(1), [[2, 0, 2], [2, 2, 0]]),
        (lambda y: y.unsqueeze(0).permute(2, 0, 1)[::2], [[0, 2, 0], [0, 2, 0]]),
        (lambda y: y.narrow(1, 0, 2).squeeze(), [[0, 0, 2], [0, 0, 2]]),
        (lambda y: y.unfold(1, 2, 2)[0], [[0, 0, 2], [2, 2, 2]]),
        (lambda y: y.as_strided((2, 2), (3, 1), 1), [[2, 0, 0], [2, 0, 0]]),
        (lambda y: y.split(2, 1)[1], [[2, 2, 0], [2, 2, 0]]),
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda v: v.zero_(),
        lambda v: v.copy_(torch.ones(())),
        lambda v: v.mul_(0),
        lambda v: v.__setitem__(..., 5.0),
        lambda v: v.masked_fill_(v > -1e9, 2.0),
    ],
)
def test_overwritten_parts_get_no_gradient(take, expected, write):
    x = leaf(2, 3)
    y = x * 2
    write(take(y))
    assert gradient_of(x, y) == expected


def test_values_with_a_history_may_be_written_into_a_buffer():
    x = leaf(3)
    out = torch.zeros(2, 3)
    first, second = out[0], out[1]
    first.copy_(x * 2)
    assert out.requires_grad and not out.is_leaf and second.requires_grad
    second.add_(x)
    out.t()[0].mul_(x[1])
    assert out.tolist() == [[4, 4, 6], [2, 2, 3]]
    assert gradient_of(x, out) == [6, 6, 3]


def test_chains_of_writes_and_a_matrix_laid_out_by_columns():
    x = leaf(2, 3)
    y = x.t() * 2
    part = y[1:]
    part.mul_(part)
    part[:, 0] += x[0, 0]
    y.t()[1].tanh_()
    again = y.clone()
    assert gradient_of(x, again[:, 0]) == [[2 + 2, 16, 24], [0, 0, 0]]


def test_saved_values_that_a_view_overwrote_are_noticed():
    x = leaf(3)
    y = x * 2
    z = y.exp()
    z[0].add_(1)
    with pytest.raises(RuntimeError, match="exp needs a value .* changed in place"):
        z.sum().backward()


def test_refusals():
    x = leaf(3)
    with pytest.raises(RuntimeError, match="view of a leaf"):
        x[0].add_(1)
    y = x * 2
    with torch.no_grad():
        view = y[0]
        y[1].zero_()
    with pytest.raises(RuntimeError, match="under NoGrad"):
        view.add_(1)
    with pytest.raises(RuntimeError, match="one element in several places"):
        y.unsqueeze(0).expand(2, 3).add_(1)
    assert gradient_of(x, y) == [2, 2, 2]


def test_overwriting_everything_keeps_the_history_with_zeros():
    x = leaf(3)
    for overwrite in (torch.Tensor.zero_, torch.Tensor.normal_):
        y = x * 2
        overwrite(y)
        assert y.requires_grad
        x.grad = None
        assert gradient_of(x, y) == [0, 0, 0]
    y = x * 2
    y[:2].uniform_()
    x.grad = None
    assert gradient_of(x, y) == [0, 0, 2]


def test_fill_diagonal_is_recorded():
    x = leaf(2, 2)
    y = x * 2
    y.fill_diagonal_(0)
    assert gradient_of(x, y) == [[0, 2], [2, 0]]


def test_second_derivatives_go_through_written_views():
    x = leaf(3)
    y = x * x
    y[1:].mul_(x[:2])
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert first.tolist() == [2 + 4, 4 + 9, 12]
    (second,) = torch.autograd.grad((first * first).sum(), x)
    # y = x0^2 + x1^2 x0 + x2^2 x1
    h = [[2, 4, 0], [4, 2, 6], [0, 6, 4]]
    assert second.tolist() == [
        2 * sum(h[i][j] * first[j].item() for j in range(3)) for i in range(3)
    ]


def test_layout_changes_of_itself():
    x = torch.zeros(3)
    before = x[1:]
    x.unsqueeze_(0)
    y = leaf(1, 3)
    x.add_(y)
    assert x.tolist() == [[1, 2, 3]] and before.tolist() == [2, 3]
    assert gradient_of(y, before) == [[0, 1, 1]]


def test_as_strided_scatter():
    x, v = leaf(2, 3), torch.tensor([10.0, 20.0], requires_grad=True)
    y = torch.as_strided_scatter(x, v, (2,), (3,), 1)
    assert y.tolist() == [[1, 10, 3], [4, 20, 6]]
    (y * y).sum().backward()
    assert x.grad.tolist() == [[2, 0, 6], [8, 0, 12]] and v.grad.tolist() == [20, 40]
