"""Tensors are printed character for character as PyTorch prints them."""

import itertools

import numpy as np
import pytest
import rushlight
import torch

nan, inf = float("nan"), float("inf")

VALUES = [
    [1.0, 2.0, 3.0],
    [1.5, 2.25, -3.125],
    [0.0, 0.0],
    [1e-5, 1.0],
    [1e-3, 1.0],
    [1e10, 1.0],
    [1e9],
    [1e8],
    [123456.0, 1.0],
    [1.5, 10000.0],
    [0.1, 100.1],
    [-0.0, 1.0],
    [nan, 1.0, inf],
    [nan, 1.5, -inf],
    [nan],
    [inf, 1e-6],
    [-1.0, 1000.0, 3.0],
    [-1.0, 1001.0, 3.0],
    [1e-45, 1.0],
    [3.4e38, 1.0],
    [],
    [[1.0, 2.0], [3.0, 4.5]],
    [[], []],
    1.0,
    1.5,
    0.0,
    -123456789.0,
    1e-20,
    nan,
    [[[1.0], [2.0]], [[-3.0], [40.0]]],
]


@pytest.fixture(autouse=True)
def printed_as_torch():
    before = rushlight._C._printed_module()
    rushlight._C._set_printed_module("torch")
    yield
    rushlight._C._set_printed_module(before)
    rushlight.set_printoptions(profile="default")
    torch.set_printoptions(profile="default")


def check(make):
    ours, theirs = make(rushlight), make(torch)
    assert repr(ours) == repr(theirs)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_floats(value, dtype):
    check(lambda t: t.tensor(value, dtype=getattr(t, dtype)))


@pytest.mark.parametrize(
    "value", [[1, 20, -300], 7, [], [[0]], [[1, -2], [300, 4]], list(range(40))], ids=str
)
@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "float32"])
def test_whole_numbers(value, dtype):
    check(lambda t: t.tensor(value, dtype=getattr(t, dtype)))


@pytest.mark.parametrize("value", [[True, False], True, [[False], [True]]], ids=str)
def test_truth_values(value):
    check(lambda t: t.tensor(value))
    check(lambda t: t.tensor(value, dtype=t.uint8))


@pytest.mark.parametrize(
    "shape",
    [(1001,), (1000,), (50, 50), (3, 400), (400, 3), (11, 11, 11), (2, 2, 2, 2, 100)],
    ids=str,
)
def test_summaries(shape):
    data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    check(lambda t: t.from_numpy(data))
    check(lambda t: t.from_numpy(data / 7))
    check(lambda t: t.from_numpy(data.astype(np.int64)))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_empty(shape, dtype):
    check(lambda t: t.zeros(shape, dtype=getattr(t, dtype)))


def test_history():
    check(lambda t: t.tensor([1.0, 2.0], requires_grad=True))
    check(lambda t: t.tensor([1.0, 2.0], requires_grad=True) * 2)
    check(lambda t: t.tensor([1.0, 2.0], requires_grad=True).sum())
    check(lambda t: (t.ones(20, requires_grad=True) + 1).exp())
    check(lambda t: t.ones(3, dtype=t.float64, requires_grad=True))
    check(lambda t: t.ones(0, 3, requires_grad=True))


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"precision": 8, "linewidth": 40},
        {"threshold": 5, "edgeitems": 1},
        {"profile": "short"},
        {"profile": "full"},
        {"sci_mode": True},
        {"sci_mode": False},
        {"linewidth": 20},
    ],
    ids=str,
)
def test_options(options):
    rushlight.set_printoptions(**options)
    torch.set_printoptions(**options)
    data = np.random.default_rng(0).standard_normal((6, 30))
    for scale in (1.0, 1e6, 1e-6):
        check(lambda t, s=scale: t.from_numpy(data * s))
    check(lambda t: t.arange(30))


def test_many_random_tensors():
    random = np.random.default_rng(1)
    for size, exponent in itertools.product((1, 3, 17), range(-9, 10, 3)):
        data = (random.standard_normal((2, size)) * 10.0**exponent).astype(np.float32)
        check(lambda t, d=data: t.from_numpy(d))
        rounded = np.round(data)
        check(lambda t, d=rounded: t.from_numpy(d))


def test_format_and_classes():
    for spec in ("", ".2f", "8.3e", ">12"):
        assert format(rushlight.tensor(1.25), spec) == format(torch.tensor(1.25), spec)
    assert format(rushlight.tensor(3), "05d") == format(torch.tensor(3), "05d")
    assert f"{rushlight.ones(2)}" == f"{torch.ones(2)}"
    with pytest.raises(TypeError):
        format(rushlight.ones(2), ".2f")
    assert repr(rushlight.Size([2, 3])) == repr(torch.Size([2, 3]))
    assert repr(rushlight.device("cpu")) == repr(torch.device("cpu"))
    for name in ("float32", "int64", "bool", "bfloat16"):
        assert repr(getattr(rushlight, name)) == repr(getattr(torch, name))
    for name in ("float16", "bfloat16", "float32", "float64"):
        ours, theirs = (t.finfo(getattr(t, name)) for t in (rushlight, torch))
        assert repr(ours) == repr(theirs)
        for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution"):
            assert getattr(ours, field) == getattr(theirs, field)
    for name in ("uint8", "int8", "int16", "int32", "int64"):
        assert repr(rushlight.iinfo(getattr(rushlight, name))) == repr(
            torch.iinfo(getattr(torch, name))
        )
