"""Broadcasting, reductions and movement beside NumPy, over generated shapes."""

import numpy
import pytest
import rushlight as torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FLOATS = st.floats(-8, 8, width=32)
few = settings(max_examples=40, deadline=None)


def arrays(min_dims=0, max_dims=4):
    shapes = hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, max_side=4)
    return hnp.arrays(numpy.float32, shapes, elements=FLOATS)


@st.composite
def broadcasting(draw, count=2):
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=4, max_side=3))
    return [draw(hnp.arrays(numpy.float32, s, elements=FLOATS)) for s in shapes.input_shapes]


def tensor(array):
    return torch.tensor(array.tolist(), dtype=torch.float32).reshape(array.shape)


def assert_equal(t, array):
    assert tuple(t.shape) == array.shape
    numpy.testing.assert_allclose(numpy.array(t.tolist()).reshape(array.shape), array, rtol=1e-5)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum", "less"])
@few
@given(pair=broadcasting())
def test_two_operands_broadcast(name, pair):
    a, b = pair
    assert_equal(getattr(torch, name)(tensor(a), tensor(b)), getattr(numpy, name)(a, b))


@few
@given(three=broadcasting(3))
def test_where_broadcasts_three_operands(three):
    c, a, b = three
    assert_equal(torch.where(tensor(c) > 0, tensor(a), tensor(b)), numpy.where(c > 0, a, b))


@few
@given(pair=broadcasting())
def test_gradients_have_the_shapes_of_what_was_broadcast(pair):
    a, b = (tensor(x).requires_grad_() for x in pair)
    (a * b).sum().backward()
    assert a.grad.shape == a.shape and b.grad.shape == b.shape
    wide = numpy.broadcast_arrays(*pair)
    axes = tuple(range(wide[0].ndim - pair[0].ndim))
    wanted = wide[1].sum(axis=axes)
    ones = tuple(i for i, n in enumerate(pair[0].shape) if n == 1)
    numpy.testing.assert_allclose(
        numpy.array(a.grad.tolist()).reshape(pair[0].shape),
        wanted.sum(axis=ones, keepdims=True),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("name", ["sum", "amax", "amin", "mean"])
@few
@given(x=arrays(1), data=st.data())
def test_reductions_over_any_axes(name, x, data):
    axes = data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1).map(tuple))
    keepdim = data.draw(st.booleans())
    wanted = getattr(x.astype(numpy.float64), name.replace("am", "m"))(axis=axes, keepdims=keepdim)
    got = getattr(tensor(x), name)(axes, keepdim)
    assert tuple(got.shape) == wanted.shape
    numpy.testing.assert_allclose(
        numpy.array(got.tolist()).reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5
    )


@few
@given(x=arrays(1), data=st.data())
def test_flip_roll_and_transpose(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    shift = data.draw(st.integers(-5, 5))
    order = data.draw(st.permutations(range(x.ndim)))
    t = tensor(x)
    assert_equal(t.flip(axis), numpy.flip(x, axis))
    assert_equal(t.roll(shift, axis), numpy.roll(x, shift, axis))
    assert_equal(t.permute(*order), numpy.transpose(x, order))
    assert_equal(t.permute(*order).contiguous().reshape(-1), numpy.transpose(x, order).ravel())


@few
@given(x=arrays(1), data=st.data())
def test_sort_take_and_cumsum(x, data):
    axis = data.draw(st.integers(0, x.ndim - 1))
    t = tensor(x)
    assert_equal(t.sort(axis).values, numpy.sort(x, axis))
    assert_equal(t.gather(axis, t.argsort(axis)), numpy.sort(x, axis))
    numpy.testing.assert_allclose(
        numpy.array(t.cumsum(axis).tolist()), numpy.cumsum(x, axis), rtol=1e-4, atol=1e-4
    )
