"""Weight norm by a hook: the older way, with parameters called weight_g and weight_v."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils._norms import norm_except, weight_from

Tensor = _C.Tensor


class WeightNorm:
    """Computes the weight before each call."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight from its length and direction."""
        magnitude = getattr(module, self.name + "_g")
        return weight_from(magnitude, getattr(module, self.name + "_v"), self.dim)

    def __call__(self, module: Module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module))


def _hooks_of(module: Module, kind: type, name: str) -> list:
    hooks = module._forward_pre_hooks.items()
    return [key for key, hook in hooks if isinstance(hook, kind) and hook.name == name]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Splits a weight into its length, weight_g, and its direction, weight_v, trained apart."""
    if _hooks_of(module, WeightNorm, name):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    magnitude = norm_except(weight.detach(), hook.dim)
    module.register_parameter(name + "_g", Parameter(magnitude))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight an ordinary parameter again, with the value it has."""
    keys = _hooks_of(module, WeightNorm, name)
    if not keys:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    weight = module._forward_pre_hooks.pop(keys[0]).compute_weight(module).detach()
    delattr(module, name)
    del module._parameters[name + "_g"], module._parameters[name + "_v"]
    module.register_parameter(name, Parameter(weight))
    return module
