"""Module: registration, messages, traversal, conversion, printing and copying."""

import copy
import pickle

import pytest
import rushlight as torch
from rushlight import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("steps", torch.zeros(1))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x):
        return self.fc(x) * self.scale


def test_attributes_are_registered():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["scale", "fc.weight", "fc.bias"]
    assert [name for name, _ in net.named_buffers()] == ["steps", "cache"]
    assert [name for name, _ in net.named_children()] == ["fc"]
    assert [name for name, _ in net.named_modules()] == ["", "fc"]
    assert list(net.state_dict()) == ["scale", "steps", "fc.weight", "fc.bias"]
    assert "scale" in dir(net) and "fc" in dir(net)


def test_shared_parameters_come_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4


def test_missing_super_init_says_so():
    class Forgetful(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\)"):
        Forgetful()

    class NoInit(nn.Module):
        def __init__(self):
            self.size = 3

        def forward(self, x):
            return x

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        NoInit()(1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", torch.ones(3), "as parameter 'scale' (torch.nn.Parameter or None expected)"),
        ("scale", nn.ReLU(), "as parameter 'scale' (torch.nn.Parameter or None expected)"),
        ("fc", 3, "cannot assign 'int' as child module 'fc' (torch.nn.Module or None expected)"),
        ("steps", 3, "as buffer 'steps' (torch.nn.Buffer, torch.Tensor or None expected)"),
    ],
)
def test_wrong_assignments_are_refused(name, value, message):
    with pytest.raises(TypeError) as error:
        setattr(Net(), name, value)
    assert message in str(error.value)


def test_registering_checks_names_and_types():
    net = Net()
    with pytest.raises(KeyError, match="attribute 'fc' already exists"):
        net.register_buffer("fc", torch.zeros(1))
    with pytest.raises(KeyError, match="name can.*t contain"):
        net.register_parameter("a.b", None)
    with pytest.raises(KeyError, match="empty string"):
        net.add_module("", nn.ReLU())
    with pytest.raises(TypeError, match="is not a Module subclass"):
        net.add_module("x", 3)
    with pytest.raises(ValueError, match="non-leaf"):
        net.register_parameter("late", _grown(nn.Parameter(torch.ones(2))))
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        nn.Tanh(size=3)


def _grown(parameter):
    class Grown(nn.Parameter):
        grad_fn = "something"

    return Grown(parameter.data)


def test_attributes_change_their_kind():
    net = Net()
    net.fc = None
    assert net.fc is None and dict(net.named_children()) == {}
    net.steps = torch.ones(4)
    assert dict(net.named_buffers())["steps"].shape == (4,)
    net.plain = 3
    net.plain = nn.Parameter(torch.zeros(1))
    assert "plain" in dict(net.named_parameters()) and "plain" not in net.__dict__
    del net.scale
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'scale'"):
        _ = net.scale


def test_buffers_register_themselves():
    net = nn.Module()
    net.kept = nn.Buffer(torch.ones(2))
    net.passing = nn.Buffer(torch.ones(2), persistent=False)
    assert list(net.state_dict()) == ["kept"]
    assert [name for name, _ in net.named_buffers()] == ["kept", "passing"]


def test_forward_must_exist():
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(1)


def test_submodules_by_path():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    assert net.get_submodule("0.0") is net[0][0]
    assert net.get_submodule("") is net
    assert net.get_parameter("0.0.weight") is net[0][0].weight
    net.set_submodule("0.0", nn.ReLU())
    assert isinstance(net[0][0], nn.ReLU)
    with pytest.raises(AttributeError, match="has no attribute `7`"):
        net.get_submodule("0.7")
    with pytest.raises(AttributeError, match="is not an nn.Parameter"):
        net.get_parameter("0.0")
    assert Net().get_buffer("steps").shape == (1,)


def test_modes_and_freezing():
    net = nn.Sequential(nn.RReLU(), nn.Sequential(nn.Linear(2, 2)))
    net.eval()
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    net.requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    with pytest.raises(ValueError, match="expected to be boolean"):
        net.train(1)


def test_zero_grad():
    net = Net()
    net(torch.ones(4, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.abs().sum().item() == 0
    net.zero_grad()
    assert net.scale.grad is None


def test_apply_visits_children_first():
    seen = []
    nn.Sequential(nn.ReLU(), nn.Tanh()).apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["ReLU", "Tanh", "Sequential"]


def test_conversion_keeps_parameters_the_same_objects():
    net = Net()
    net.register_buffer("count", torch.zeros(1, dtype=torch.int64))
    weight = net.fc.weight
    net(torch.ones(1, 2)).sum().backward()
    assert net.double() is net
    assert net.fc.weight is weight and weight.dtype == torch.float64
    assert weight.grad.dtype == torch.float64
    assert net.count.dtype == torch.int64
    assert net.to(torch.float32).fc.bias.dtype == torch.float32
    assert net.to("cpu", dtype=torch.bfloat16).scale.dtype == torch.bfloat16
    assert net.to(torch.ones(1)).scale.dtype == torch.float32
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        net.to(torch.int64)


def test_repr():
    assert repr(Net()) == ("Net(\n  (fc): Linear(in_features=2, out_features=3, bias=True)\n)")
    assert repr(nn.Sequential()) == "Sequential()"
    assert repr(nn.Parameter(torch.zeros(2))) == (
        "Parameter containing:\ntensor([0., 0.], requires_grad=True)"
    )
    assert "<pre>" in Net()._repr_html_() and "12 trained numbers" in Net()._repr_html_()


def test_copies_are_independent():
    net = Net()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert isinstance(other.fc.weight, nn.Parameter)
        assert torch.equal(other.fc.weight, net.fc.weight)
        with torch.no_grad():
            other.fc.weight.zero_()
        assert net.fc.weight.abs().sum().item() > 0
        assert list(other.state_dict()) == list(net.state_dict())


def test_shared_parameters_stay_shared_in_a_copy():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    other = copy.deepcopy(net)
    assert other[0].weight is other[1].weight


def test_parameters_share_memory_and_are_leaves():
    data = torch.zeros(2)
    parameter = nn.Parameter(data)
    assert parameter.requires_grad and parameter.is_leaf
    data[0] = 5
    assert parameter[0].item() == 5
    assert type(parameter * 2) is torch.Tensor
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    with pytest.raises(TypeError, match="data is a Tensor, not list"):
        nn.Parameter([1.0])
