"""Checkpoints go both ways between PyTorch and rushlight, in both of PyTorch's formats."""

import io
from collections import OrderedDict

import pytest
import rushlight
import torch
from rushlight import serialization

FLOATS = ["float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int64", "int32", "int16", "int8", "uint8", "bool"]


def from_torch(value, old=False, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=not old)
    buffer.seek(0)
    return serialization.load(buffer, **options)


def to_torch(value, **options):
    buffer = io.BytesIO()
    serialization.save(value, buffer)
    buffer.seek(0)
    return torch.load(buffer, **options)


def check_same(one, two):
    if isinstance(one, (torch.Tensor, rushlight.Tensor)):
        assert str(one.dtype).split(".")[1] == str(two.dtype).split(".")[1]
        assert tuple(one.shape) == tuple(two.shape)
        assert tuple(one.stride()) == tuple(two.stride())
        assert one.requires_grad == two.requires_grad
        assert one.tolist() == two.tolist()
        assert type(one).__name__ == type(two).__name__
    elif isinstance(one, dict):
        assert type(one) is type(two) and list(one) == list(two)
        for key in one:
            check_same(one[key], two[key])
    elif isinstance(one, (list, tuple)):
        assert type(one).__name__ == type(two).__name__ and len(one) == len(two)
        for a, b in zip(one, two):
            check_same(a, b)
    elif "." in str(one) and not isinstance(one, (float, complex)):
        assert str(one).split(".")[1] == str(two).split(".")[1]
    else:
        assert one == two or str(one) == str(two)


def values(lib):
    base = lib.arange(12.0)
    weight = lib.nn.Parameter(lib.ones(2, 2))
    weight.note = "text"
    marked = lib.zeros(3)
    marked.note = [1, 2]
    return {
        "dtypes": [lib.tensor([[0, 1], [2, 3]]).to(getattr(lib, name)) for name in DTYPES],
        "views": [base, base[2:5], base.view(3, 4).t(), base[:2].expand(3, 2)],
        "grads": [weight, lib.ones(1, requires_grad=True), lib.nn.Parameter(lib.ones(1), False)],
        "odd": [lib.zeros(0, 3), lib.tensor(4), marked],
        "plain": [1, -(2**70), 2.5, None, True, "é", b"ab", bytearray(b"cd"), 1j, (1, (2,)), {3}],
        "ordered": OrderedDict(a=1),
        "names": [getattr(lib, name) for name in DTYPES] + [lib.Size((1, 2)), lib.device("cpu")],
    }


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("old", [True, False])
def test_pytorchs_values_are_read(old, weights_only):
    check_same(values(torch), from_torch(values(torch), old, weights_only=weights_only))


@pytest.mark.parametrize("weights_only", [True, False])
def test_our_values_are_read_by_pytorch(weights_only):
    check_same(values(rushlight), to_torch(values(rushlight), weights_only=weights_only))


def test_mapped_files_are_read_by_pytorch(tmp_path):
    path = tmp_path / "a.pt"
    serialization.save(values(rushlight), path)
    check_same(values(rushlight), torch.load(path, mmap=True))


def test_shared_memory_is_shared_in_the_other_library():
    loaded = to_torch(values(rushlight))["views"]
    loaded[0][2] = 50
    assert loaded[1][0] == 50
    loaded = from_torch(values(torch))["views"]
    loaded[0][2] = 50
    assert loaded[1][0].item() == 50


def network(lib):
    lib.manual_seed(0)
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)
    )


def trained(lib):
    net = network(lib)
    optimiser = lib.optim.AdamW(net.parameters(), lr=0.01)
    net(lib.ones(2, 1, 4, 4)).sum().backward()
    optimiser.step()
    return net, optimiser


@pytest.mark.parametrize("old", [True, False])
def test_states_of_modules_and_optimisers(old):
    net, optimiser = trained(torch)
    states = from_torch([net.state_dict(), optimiser.state_dict()], old)
    ours, our_optimiser = trained(rushlight)
    ours.load_state_dict(states[0])
    our_optimiser.load_state_dict(states[1])
    check_same(net.state_dict(), ours.state_dict())
    check_same(optimiser.state_dict()["state"], our_optimiser.state_dict()["state"])
    states = to_torch([ours.state_dict(), our_optimiser.state_dict()])
    net.load_state_dict(states[0])
    optimiser.load_state_dict(states[1])
    check_same(net.state_dict(), ours.state_dict())


@pytest.mark.parametrize("old", [True, False])
def test_whole_modules_of_pytorch_are_read(old):
    net = network(torch).eval()
    ours = from_torch(net, old, weights_only=False)
    x = [[[[0.1 * i for i in range(4)] for _ in range(4)]]]
    expected, got = net(torch.tensor(x)).tolist(), ours(rushlight.tensor(x)).tolist()
    assert got == [pytest.approx(row, abs=1e-5) for row in expected]


def test_whole_modules_of_ours_are_read_by_pytorch():
    net = network(rushlight).eval()
    theirs = to_torch(net, weights_only=False)
    x = [[[[0.1 * i for i in range(4)] for _ in range(4)]]]
    expected, got = net(rushlight.tensor(x)).tolist(), theirs(torch.tensor(x)).tolist()
    assert got == [pytest.approx(row, abs=1e-5) for row in expected]


def test_absent_dtypes_are_named():
    for dtype in [torch.complex64, torch.uint16, torch.float8_e5m2]:
        with pytest.raises(rushlight.IoError, match=str(dtype).split(".")[1]):
            from_torch(torch.zeros(2).to(dtype))
