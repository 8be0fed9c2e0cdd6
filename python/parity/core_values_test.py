"""Construction, indexing, random states and gradients beside PyTorch."""

import numpy as np
import pytest
import rushlight
import torch

BOTH = (rushlight, torch)


def outcome(compute):
    """The value as (dtype, shape, list), or the kind of error."""
    try:
        value = compute()
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        kinds = (IndexError, ValueError, TypeError, RuntimeError)
        return next(kind.__name__ for kind in kinds if isinstance(error, kind))
    if not isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return value
    return str(value.dtype).split(".")[1], tuple(value.shape), value.tolist()


def check_same(compute):
    ours, theirs = (outcome(lambda t=t: compute(t)) for t in BOTH)
    if isinstance(theirs, str) and isinstance(ours, str):
        return  # both refuse
    assert ours == theirs


DATA = [
    1, 2.5, True, [], [[]], [1, 2], [1, 2.5], [True, 2], [True, False], [[1], [2]], (1, (2,)),
    [[1, 2], [3]], "a", None, [None], {1, 2}, range(3), [range(2), range(2)],
    np.float64(1), np.int16(3), [np.float64(1), 2.5],
    [np.int32(1), 2], np.ones(2), np.ones((2, 2), np.float16), [np.ones(2), np.zeros(2)],
    np.array(["a"]), np.arange(6)[::2], np.ones((2, 3)).T, np.zeros((0, 2)),
    2**62, bytearray(b"ab"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("data", DATA, ids=repr)
@pytest.mark.parametrize("dtype", [None, "float32", "int64", "bool", "float16"])
def test_tensor_of_data(data, dtype):
    check_same(lambda t: t.tensor(data, dtype=dtype and getattr(t, dtype)))
    check_same(lambda t: t.as_tensor(data, dtype=dtype and getattr(t, dtype)))


def test_scalars_of_numpy():
    check_same(lambda t: t.tensor(np.float32(1)))
    check_same(lambda t: t.tensor([np.float32(1), 2.5]))
    check_same(lambda t: t.tensor(np.bool_(True)))


def test_tensors_inside_lists():
    check_same(lambda t: t.tensor([t.tensor(1), 2.5]))
    check_same(lambda t: t.tensor([[t.tensor(1), 2], [3, t.tensor(4)]]))


INDICES = [
    0, -1, 5, True, False, None, ..., slice(None), slice(1, None), slice(None, None, 2),
    slice(None, None, -1), slice(3, 1), slice(-2, None), (0, 1), (slice(None), 0), (..., 0),
    (None, 0, None), (0, ..., None), (1, 2, 3), (0, 0, 0, 0), [0, 1], [[0, 1], [1, 0]],
    [True, False], [True, False, True],
    ([0, 1], [1, 0]), (slice(None), [0, 2]), ([0], slice(None), [1]),
    (0, [1, 2]), ([0, 1], None, 0), np.array([0, 1]), np.array([True, False]), np.int64(1),
    (np.int64(1), np.array([0, 1])), range(2), (range(2), 0), [], 1.0, "a", 2**70,
    (True, 0), (None, True), ([-1, 0], -1), (slice(0, 0),), (np.array(1), 0),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_reading_and_writing_by_index(index):
    def read(t):
        return t.arange(24).reshape(2, 3, 4)[index]

    check_same(read)

    def written(value):
        def write(t):
            x = t.arange(24).reshape(2, 3, 4)
            x[index] = value
            return x

        return write

    check_same(written(-1))
    check_same(written(2.7))


def test_written_values():
    for value in ([1, 2, 3], [[1.5], [2.5]], True):

        def write(t, value=value):
            x = t.zeros(2, 3)
            x[:] = t.tensor(value) if isinstance(value, list) else value
            return x

        check_same(write)


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_random_states_travel(name):
    for t in BOTH:
        t.manual_seed(11)
        t.randn(5, dtype=getattr(t, name))
    state = torch.get_rng_state()
    assert rushlight.get_rng_state().tolist()[:5000] == state.tolist()[:5000]
    rushlight.manual_seed(0)
    rushlight.set_rng_state(rushlight.from_numpy(state.numpy()))
    assert rushlight.rand(20).tolist() == torch.rand(20).tolist()
    torch.set_rng_state(torch.from_numpy(rushlight.get_rng_state().numpy()))
    assert rushlight.randint(100, (700,)).tolist() == torch.randint(100, (700,)).tolist()


def test_derivatives_of_functions():
    x = [0.5, -1.0, 2.0]

    def each(t):
        v = t.tensor(x, dtype=t.float64)
        f = lambda a: (a**3).sin() * a  # noqa: E731
        s = lambda a: f(a).sum()  # noqa: E731
        ones = t.ones(3, dtype=t.float64)
        functional = t.autograd.functional
        return [
            functional.jacobian(f, v),
            functional.hessian(s, v),
            functional.vjp(f, v, ones)[1],
            functional.jvp(f, v, ones)[1],
            functional.hvp(s, v, ones)[1],
            functional.vhp(s, v, ones)[1],
            t.func.grad(s)(v),
            t.func.grad(lambda a: t.func.grad(s)(a).sum())(v),
            t.func.jacrev(f)(v),
            t.func.jacfwd(f)(v),
            t.func.hessian(s)(v),
            t.func.jvp(f, (v,), (ones,))[1],
            t.func.vjp(f, v)[1](ones)[0],
            t.vmap(t.func.grad(lambda a: a.sin() * a))(v),
            t.vmap(f, in_dims=1, out_dims=1)(v.repeat(2, 1)),
        ]

    for ours, theirs in zip(each(rushlight), each(torch), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12, atol=1e-12)


def test_several_arguments():
    def each(t):
        a, b = t.tensor([1.0, 2.0]), t.tensor([3.0, 4.0])
        f = lambda a, b: ((a * b).sum(), b * b)  # noqa: E731
        rows = t.autograd.functional.jacobian(f, (a, b))
        g = t.func.grad(lambda p: (p["w"] * a).sum() + p["v"].sum())({"w": a, "v": b})
        d = t.func.grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(a, b)
        return [*rows[0], *rows[1], g["w"], g["v"], *d]

    for ours, theirs in zip(each(rushlight), each(torch), strict=True):
        assert ours.tolist() == theirs.tolist()


def test_dtypes():
    names = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
             "float64"]  # fmt: skip
    for a in names:
        for b in names:
            ours, theirs = (
                (
                    str(t.promote_types(getattr(t, a), getattr(t, b))).split(".")[1],
                    t.can_cast(getattr(t, a), getattr(t, b)),
                    str(
                        t.result_type(
                            t.ones(2, dtype=getattr(t, a)), t.ones((), dtype=getattr(t, b))
                        )
                    ).split(".")[1],
                    str(t.result_type(t.ones(2, dtype=getattr(t, a)), 1.5)).split(".")[1],
                )
                for t in BOTH
            )
            assert ours == theirs, (a, b)
