"""x[...] against NumPy: the same elements, the same writes, and refusals where PyTorch has them."""

import numpy as np
import pytest
import rushlight as torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

quick = settings(max_examples=150, deadline=None)


@st.composite
def shape_and_index(draw):
    """A shape and an index of NumPy's that has positive steps."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=5))
    parts = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        parts.append(
            draw(
                st.one_of(
                    st.integers(-size, size - 1),
                    st.slices(size).filter(lambda s: (s.step or 1) > 0),
                    st.just(slice(None)),
                    st.lists(st.integers(-size, size - 1), min_size=2, max_size=2),
                )
            )
        )
    if any(isinstance(part, list) for part in parts):  # beside lists, NumPy's integers are lists
        parts = [slice(0, 1) if isinstance(part, int) else part for part in parts]
    if draw(st.booleans()):
        is_full = len(parts) == len(shape)  # then ... stands for no axis, wherever it is
        parts.insert(draw(st.integers(0, len(parts))) if is_full else len(parts), ...)
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return shape, tuple(parts)


@quick
@given(shape_and_index())
def test_reading(case):
    shape, index = case
    array = np.arange(np.prod(shape)).reshape(shape)
    expected = array[index]
    found = torch.from_numpy(array)[index]
    assert found.shape == expected.shape and found.tolist() == expected.tolist()


@quick
@given(shape_and_index(), st.booleans())
def test_writing(case, is_scalar):
    shape, index = case
    array = np.zeros(shape)
    tensor = torch.zeros(shape, dtype=torch.float64)
    count = array[index].size
    value = -1.0 if is_scalar else np.arange(1.0, count + 1).reshape(array[index].shape)
    flat = [part for part in index if isinstance(part, list)]
    if not is_scalar and any(len(set(np.mod(part, 60))) < len(part) for part in flat):
        return  # which of the repeated ones is kept is not said
    if not is_scalar and flat:
        value = float(count)
    array[index] = value
    tensor[index] = value if is_scalar or flat else torch.from_numpy(value)
    assert tensor.tolist() == array.tolist()


@quick
@given(hnp.arrays(np.bool_, hnp.array_shapes(max_dims=3, max_side=4)))
def test_masks(mask):
    array = np.arange(mask.size).reshape(mask.shape)
    tensor = torch.from_numpy(array.copy())
    assert tensor[mask].tolist() == array[mask].tolist()
    assert tensor[torch.from_numpy(mask)].tolist() == array[mask].tolist()
    tensor[mask] = -1
    array[mask] = -1
    assert tensor.tolist() == array.tolist()


@quick
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
def test_broadcasting(case):
    first, second = (np.arange(np.prod(s), dtype=np.int64).reshape(s) for s in case.input_shapes)
    expected = first * 2 - second
    found = torch.tensor(first) * 2 - torch.tensor(second)
    assert found.shape == case.result_shape and found.tolist() == expected.tolist()


def test_kinds_of_indices():
    x = torch.arange(12).reshape(3, 4)
    assert x[range(2)].tolist() == x[[0, 1]].tolist() == x[:2].tolist()
    assert x[np.int64(1)].tolist() == x[torch.tensor(1)].tolist() == [4, 5, 6, 7]
    assert x[np.array([0, 2]), np.array([1, 3])].tolist() == [1, 11]
    assert x[torch.tensor([True, False, True])].tolist() == x[[0, 2]].tolist()
    assert x[True].shape == (1, 3, 4) and x[False].shape == (0, 3, 4)
    assert x[[]].shape == (0, 4)
    assert x[..., None, 0].shape == (3, 1)
    assert x[torch.tensor([0, 1], dtype=torch.int32)].shape == (2, 4)


def test_writes_convert():
    x = torch.zeros(2, 3)
    x[0] = torch.tensor([1, 2, 3])
    x[1, 0] = np.float64(4)
    x[1, 1:] = np.array([5, 6])
    assert x.tolist() == [[1, 2, 3], [4, 5, 6]] and x.dtype == torch.float32
    whole = torch.zeros(3, dtype=torch.int64)
    whole[0] = 2.7
    whole[1:] = torch.tensor([1.9, -1.9])
    assert whole.tolist() == [2, 1, -1]
    x[:, :2] = x[:, 1:]
    assert x.tolist() == [[2, 3, 3], [5, 6, 6]]
    x[[0, 1], [0, 0]] += 10
    assert x[:, 0].tolist() == [12, 15]


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        (3, IndexError),
        (-4, IndexError),
        ((0, 4), IndexError),
        ((0, 0, 0), IndexError),
        ([5], IndexError),
        (2**70, IndexError),
        (slice(None, None, -1), ValueError),
        (slice(None, None, 0), ValueError),
        (1.5, TypeError),
        ("a", (TypeError, IndexError)),
        (slice(0.5), TypeError),
        (object(), TypeError),
        ([True, False], IndexError),
    ],
    ids=repr,
)
def test_refusals(index, kind):
    x = torch.zeros(3, 4)
    with pytest.raises(kind):
        x[index]
    with pytest.raises(kind):
        x[index] = 1


def test_other_refusals():
    x = torch.zeros(3)
    with pytest.raises(RuntimeError):
        x[:2] = torch.ones(3)
    with pytest.raises((TypeError, RuntimeError)):
        del x[0]
    with pytest.raises((TypeError, IndexError)):
        torch.tensor(1)[0]
    with pytest.raises(TypeError):
        len(torch.tensor(1))
    with pytest.raises(TypeError):
        iter(torch.tensor(1))
    leaf = torch.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError):
        leaf[0] = 1


def test_iteration_and_membership():
    x = torch.arange(6).reshape(3, 2)
    assert [row.tolist() for row in x] == x.tolist()
    a, b, c = x
    assert c.tolist() == [4, 5]
    assert 3 in x and 9 not in x
    assert [v.item() for v in reversed(torch.arange(3))] == [2, 1, 0]
    with pytest.raises(RuntimeError, match="contains"):
        assert "a" in x


def test_gradients_through_indices():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    (x[0, 1:] * 2).sum().backward()
    x[[0, 1, 1], [0, 2, 2]].sum().backward()
    assert x.grad.tolist() == [[1, 2, 2], [0, 0, 2]]
