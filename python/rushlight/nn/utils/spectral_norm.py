"""Spectral norm by a hook: the older way, with the parameter called weight_orig."""

from __future__ import annotations

import rushlight
from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils._norms import as_matrix, drawn_direction
from rushlight.nn.utils.parametrizations import _TRANSPOSED
from rushlight.nn.utils.weight_norm import _hooks_of

Tensor = _C.Tensor


class SpectralNorm:
    """Computes the weight before each call."""

    _version = 1

    def __init__(
        self,
        name: str = "weight",
        n_power_iterations: int = 1,
        dim: int = 0,
        eps: float = 1e-12,
    ) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight over its largest singular value, as far as the vectors know it."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with rushlight.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(_C.torch.mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(_C.torch.mv(matrix, v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # a later call may move them before backward
        return weight / _C.torch.dot(u, _C.torch.mv(matrix, v))

    def __call__(self, module: Module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divides a weight by its largest singular value. Miyato and others, 2018."""
    if _hooks_of(module, SpectralNorm, name):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if isinstance(module, _TRANSPOSED) else 0
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    matrix = as_matrix(weight.detach(), dim)
    u = drawn_direction(matrix, matrix.shape[0], eps)
    v = drawn_direction(matrix, matrix.shape[1], eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight an ordinary parameter again, with the value it has."""
    keys = _hooks_of(module, SpectralNorm, name)
    if not keys:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    hook = module._forward_pre_hooks.pop(keys[0])
    with rushlight.no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    for attribute in (name, name + "_u", name + "_v", name + "_orig"):
        delattr(module, attribute)
    module.register_parameter(name, Parameter(weight.detach()))
    return module
