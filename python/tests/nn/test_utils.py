"""nn.utils: clipping, vectors of parameters, weight norm, parametrisations, functional_call."""

import copy
import math

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.nn.utils import parametrizations, parametrize


def close(a, b, tolerance=1e-5):
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def with_grads():
    parameters = [
        nn.Parameter(torch.zeros(2)),
        nn.Parameter(torch.zeros(2)),
        nn.Parameter(torch.zeros(1)),
    ]
    parameters[0].grad = torch.tensor([3.0, 0.0])
    parameters[1].grad = torch.tensor([0.0, -4.0])
    return parameters


def test_clip_by_norm():
    parameters = with_grads()
    assert nn.utils.clip_grad_norm_(parameters, 1.0).item() == 5.0
    assert close(parameters[1].grad, torch.tensor([0.0, -0.8]))
    assert parameters[2].grad is None
    assert abs(nn.utils.clip_grad_norm_(parameters, 10.0).item() - 1.0) < 1e-5
    assert close(parameters[1].grad, torch.tensor([0.0, -0.8]))
    assert nn.utils.clip_grad_norm_(with_grads(), 1.0, norm_type=math.inf).item() == 4.0
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0


def test_clip_by_norm_can_refuse_infinities():
    parameter = nn.Parameter(torch.zeros(1))
    parameter.grad = torch.tensor([math.inf])
    with pytest.raises(RuntimeError, match="is non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_(parameter, 1.0, error_if_nonfinite=True)


def test_clip_by_value():
    parameters = with_grads()
    nn.utils.clip_grad_value_(parameters, 2.0)
    assert parameters[0].grad.tolist() == [2, 0] and parameters[1].grad.tolist() == [0, -2]


def test_vectors_of_parameters():
    net = nn.Linear(2, 3)
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (9,)
    nn.utils.vector_to_parameters(torch.arange(9.0), net.parameters())
    assert net.weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net.bias.tolist() == [6, 7, 8]
    with pytest.raises(TypeError, match="expected torch.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], net.parameters())


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


def test_parametrizations_compute_the_weight():
    layer = nn.Linear(3, 3)
    weight = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert parametrize.is_parametrized(layer) and parametrize.is_parametrized(layer, "weight")
    assert type(layer).__name__ == "ParametrizedLinear" and isinstance(layer, nn.Linear)
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert close(layer.weight, layer.weight.T) and close(layer.weight.triu(), weight.triu())
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None
    layer.weight = torch.ones(3, 3)
    assert close(layer.weight, torch.ones(3, 3))
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert close(layer.weight, 2 * torch.ones(3, 3))
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert close(copy.deepcopy(layer).weight, layer.weight)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and close(layer.weight, 2 * torch.ones(3, 3))
    assert isinstance(layer.weight, nn.Parameter)


def test_parametrizations_are_checked():
    class Smaller(nn.Module):
        def forward(self, x):
            return x[:1]

    with pytest.raises(ValueError, match="may not change the shape"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Smaller())
    with pytest.raises(ValueError, match="does not have a parameter"):
        parametrize.register_parametrization(nn.Linear(2, 2), "scale", Smaller())
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Doubled())
    with pytest.raises(RuntimeError, match="Doubled does not implement right_inverse"):
        layer.weight = torch.ones(2, 2)
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        layer.__getstate__()


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(dim):
    layer = nn.Linear(3, 4)
    weight = layer.weight.detach().clone()
    parametrizations.weight_norm(layer, dim=dim)
    assert close(layer.weight, weight)
    shapes = {0: (4, 1), 1: (1, 3), None: ()}
    assert layer.parametrizations.weight.original0.shape == shapes[dim]
    assert list(layer.state_dict())[1:] == [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]


def test_weight_norm_by_hook():
    layer = nn.utils.weight_norm(nn.Linear(3, 4))
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight_g", "weight_v"]
    x = torch.randn(2, 3)
    y = layer(x)
    y.sum().backward()
    assert layer.weight_g.grad is not None
    new = parametrizations.weight_norm(nn.Linear(3, 4))
    new.load_state_dict(layer.state_dict())
    assert close(new(x), y)
    nn.utils.remove_weight_norm(layer)
    assert close(layer(x), y) and isinstance(layer.weight, nn.Parameter)
    with pytest.raises(ValueError, match="not found"):
        nn.utils.remove_weight_norm(layer)


def test_spectral_norm():
    layer = parametrizations.spectral_norm(nn.Linear(3, 4), n_power_iterations=20)
    layer(torch.randn(2, 3)).sum().backward()
    assert abs(torch.linalg.svdvals(layer.weight.detach())[0].item() - 1) < 1e-4
    older = nn.utils.spectral_norm(nn.Linear(3, 4), n_power_iterations=50)
    older(torch.randn(2, 3)).sum().backward()
    assert abs(torch.linalg.svdvals(older.weight.detach())[0].item() - 1) < 1e-4
    assert older.weight_orig.grad is not None
    assert list(older.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    nn.utils.remove_spectral_norm(older)
    assert [name for name, _ in older.named_parameters()] == ["bias", "weight"]


@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley"])
def test_orthogonal_weights(orthogonal_map):
    layer = parametrizations.orthogonal(nn.Linear(4, 3), orthogonal_map=orthogonal_map)
    for _ in range(2):
        assert close(layer.weight @ layer.weight.T, torch.eye(3), 1e-4)
        with torch.no_grad():
            layer.parametrizations.weight.original.add_(torch.randn(3, 4) * 0.1)


def test_fused_batch_norm():
    conv, norm = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)
    x = torch.randn(4, 2, 5, 5)
    norm(conv(x))
    conv.eval(), norm.eval()
    fused = nn.utils.fuse_conv_bn_eval(conv, norm)
    assert close(fused(x), norm(conv(x)), 1e-4)


def test_functional_call():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    weight = torch.zeros(2, 2, requires_grad=True)
    given = {"0.weight": weight, "1.running_mean": torch.ones(2)}
    y = nn.utils.stateless.functional_call(net, given, torch.randn(3, 2))
    y.sum().backward()
    assert weight.grad is not None and net[0].weight.grad is None
    assert net[1].running_mean.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="Missing key"):
        nn.utils.stateless.functional_call(net, given, torch.randn(3, 2), strict=True)


def test_attention_backends_are_accepted():
    with nn.attention.sdpa_kernel([nn.attention.SDPBackend.MATH]):
        assert nn.MultiheadAttention(4, 2)(*[torch.randn(3, 1, 4)] * 3)[0].shape == (3, 1, 4)
    with pytest.raises(AssertionError, match="SDPBackend"), nn.attention.sdpa_kernel("flash"):
        pass
