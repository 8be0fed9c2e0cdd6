"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict."""

from collections import OrderedDict

import pytest
import rushlight as torch
from rushlight import nn


def names(module):
    return [type(child).__name__ for child in module]


def test_sequential_runs_in_order():
    chain = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert chain(torch.ones(4, 2)).shape == (4, 1)
    named = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
    assert list(named._modules) == ["a", "b"] and isinstance(named.b, nn.Tanh)


def test_sequential_is_a_list():
    chain = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert names(chain[1:]) == ["Tanh", "Sigmoid"]
    assert isinstance(chain[-1], nn.Sigmoid)
    del chain[0]
    assert list(chain._modules) == ["0", "1"]
    chain.insert(0, nn.GELU())
    chain.append(nn.ELU())
    assert names(chain) == ["GELU", "Tanh", "Sigmoid", "ELU"]
    chain[0] = nn.SELU()
    assert isinstance(chain.pop(0), nn.SELU)
    assert names(chain + nn.Sequential(nn.ReLU())) == ["Tanh", "Sigmoid", "ELU", "ReLU"]
    assert len(chain * 2) == 6 and len(2 * chain) == 6
    chain *= 2
    assert len(chain) == 6
    chain += nn.Sequential(nn.ReLU())
    assert len(chain) == 7
    with pytest.raises(IndexError, match="index 7 is out of range"):
        _ = chain[7]
    with pytest.raises(ValueError, match="supports only objects of Sequential"):
        _ = chain + [nn.ReLU()]


def test_module_list():
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    assert len(list(layers.parameters())) == 6
    assert repr(layers) == (
        "ModuleList(\n  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)\n)"
    )
    layers.insert(1, nn.ReLU())
    layers.extend([nn.Tanh()])
    layers += [nn.Tanh()]
    assert names(layers) == ["Linear", "ReLU", "Linear", "Linear", "Tanh", "Tanh"]
    assert names(layers[::2]) == ["Linear", "Linear", "Tanh"]
    assert repr(nn.ModuleList()) == "ModuleList()"
    with pytest.raises(TypeError, match="called with an iterable, but got int"):
        layers.extend(3)


def test_module_dict():
    choice = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    choice.update([("c", nn.GELU())])
    assert list(choice) == ["a", "b", "c"] and "a" in choice and len(choice) == 3
    assert isinstance(choice.pop("b"), nn.Tanh)
    assert isinstance(dict(choice.items())["c"], nn.GELU)
    choice.clear()
    assert len(choice) == 0
    with pytest.raises(ValueError, match="has length 1; 2 is required"):
        choice.update([("x",)])


def test_parameter_list():
    values = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(3, 1))])
    values.append(torch.ones(1))
    assert [name for name, _ in values.named_parameters()] == ["0", "1", "2"]
    assert isinstance(values[0], nn.Parameter) and len(values[1:]) == 2
    assert f"(1): Parameter containing: [{torch.float32} of size 3x1]" in repr(values)
    with pytest.raises(RuntimeError, match="should not be called"):
        values(1)


def test_parameter_dict():
    values = nn.ParameterDict({"b": torch.ones(2), "a": torch.zeros(1)})
    assert list(values.keys()) == ["a", "b"] and list(values.state_dict()) == ["a", "b"]
    values["c"] = torch.ones(1)
    assert values.get("d") is None and values.setdefault("d", torch.ones(1)).shape == (1,)
    assert values.popitem()[0] == "d" and values.pop("c").shape == (1,)
    assert list(values | nn.ParameterDict({"z": torch.ones(1)})) == ["a", "b", "z"]
    assert "(a): Parameter containing: [torch.FloatTensor of size 1]" in repr(values)
    with pytest.raises(KeyError):
        _ = values["none"]
