"""Hooks of modules, forward and backward."""

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.nn.modules import module


class Twice(nn.Module):
    def forward(self, x, factor=2):
        return x * factor


def test_forward_hooks_see_and_change():
    layer = Twice()
    before = layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    after = layer.register_forward_hook(lambda m, args, output: output * 10)
    assert layer(torch.tensor(1.0)).item() == 40
    before.remove()
    assert layer(torch.tensor(1.0)).item() == 20
    after.remove()
    assert layer(torch.tensor(1.0)).item() == 2


def test_hooks_with_kwargs():
    layer = Twice()
    layer.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True
    )
    seen = []
    layer.register_forward_hook(
        lambda m, args, kwargs, output: seen.append(kwargs), with_kwargs=True
    )
    assert layer(torch.tensor(1.0), factor=4).item() == 5
    assert seen == [{"factor": 5}]
    layer.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        layer(torch.tensor(1.0), factor=4)


def test_prepend_and_with_block():
    layer, order = Twice(), []
    layer.register_forward_hook(lambda *a: order.append("first"))
    with layer.register_forward_hook(lambda *a: order.append("second"), prepend=True):
        layer(torch.tensor(1.0))
    layer(torch.tensor(1.0))
    assert order == ["second", "first", "first"]


def test_always_call():
    class Failing(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    layer, calls = Failing(), []
    layer.register_forward_hook(lambda m, args, output: calls.append(output), always_call=True)
    with pytest.raises(ValueError, match="no"):
        layer(1)
    assert calls == [None]


def test_full_backward_hooks():
    layer, seen = Twice(), []

    def hook(m, grad_input, grad_output):
        seen.append((grad_input[0].item(), grad_output[0].item()))
        return (grad_input[0] * 100,)

    layer.register_full_backward_hook(hook)
    x = torch.tensor(3.0, requires_grad=True)
    layer(x).backward()
    assert seen == [(2.0, 1.0)]
    assert x.grad.item() == 200


def test_full_backward_pre_hooks():
    layer = Twice()
    layer.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 5,))
    x = torch.tensor(3.0, requires_grad=True)
    layer(x).backward()
    assert x.grad.item() == 10


def test_backward_hooks_without_input_gradients():
    layer, seen = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].item())))
    layer(torch.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1.0)]
    assert layer.weight.grad is not None


def test_backward_hook_must_return_as_many():
    layer = Twice()
    layer.register_full_backward_hook(lambda m, gi, go: (None, None))
    with pytest.raises(RuntimeError, match="invalid number of grad_input"):
        layer(torch.tensor(3.0, requires_grad=True)).backward()


def test_global_hooks():
    calls = []
    handle = module.register_module_forward_hook(lambda m, args, out: calls.append(type(m)))
    nn.Sequential(nn.ReLU())(torch.ones(1))
    handle.remove()
    nn.ReLU()(torch.ones(1))
    assert calls == [nn.ReLU, nn.Sequential]


def test_registration_hooks():
    names = []
    handle = module.register_module_parameter_registration_hook(
        lambda m, name, value: names.append(name)
    )
    nn.Linear(1, 1)
    handle.remove()
    nn.Linear(1, 1)
    assert names == ["weight", "bias"]


def test_a_hook_that_raises_leaves_the_module_usable():
    layer = Twice()

    def broken(*args):
        raise KeyError("hook")

    with layer.register_forward_hook(broken), pytest.raises(KeyError, match="hook"):
        layer(torch.tensor(1.0))
    assert layer(torch.tensor(1.0)).item() == 2
