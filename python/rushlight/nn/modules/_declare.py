"""How layers make their parameters and buffers, and write their options."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn.parameter import Parameter


def declare_parameter(module, name: str, shape, device=None, dtype=None, *, exists=True) -> None:
    """Registers an uninitialised parameter; None, where the layer was told to have none."""
    value = Parameter(_C.torch.empty(shape, device=device, dtype=dtype)) if exists else None
    module.register_parameter(name, value)


def options(module, *names: str) -> str:
    """ "p=0.5, inplace=True": the named attributes as extra_repr() writes them."""
    return ", ".join(f"{name}={getattr(module, name)}" for name in names)


def with_inplace(module, *names: str) -> str:
    """The same, and "inplace=True" at the end if the layer works in place."""
    shown = [options(module, *names)] if names else []
    return ", ".join(shown + (["inplace=True"] if module.inplace else []))
