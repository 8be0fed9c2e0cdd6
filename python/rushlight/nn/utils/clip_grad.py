"""Keeping gradients in bounds, between backward() and step()."""

from __future__ import annotations

import warnings
from types import GeneratorType

import rushlight
from rushlight import _C

Tensor = _C.Tensor
_TINY = 1e-6  # an all-zero gradient stays zero


def _as_list(tensors) -> list:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _grads_of(parameters) -> list:
    grads = [parameter.grad for parameter in _as_list(parameters)]
    return [grad for grad in grads if grad is not None]


def get_total_norm(
    tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm over all elements of all tensors together, 0-d; norm_type may be infinity."""
    tensors = _as_list(tensors)
    if not tensors:
        return _C.torch.zeros(())
    with rushlight.no_grad():
        total = _C.optim.total_norm(tensors, float(norm_type))
    if error_if_nonfinite and not bool(_C.torch.isfinite(total)):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the gradients "
            "by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scales all gradients down together, given their norm, so that it is at most max_norm."""
    grads = _grads_of(parameters)
    if not grads:
        return
    with rushlight.no_grad():
        factor = _C.torch.clamp(float(max_norm) / (total_norm + _TINY), max=1.0)
        _C.optim.scale_list(grads, factor.item())


def clip_grad_norm_(
    parameters,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scales all gradients down together so that their norm is at most max_norm.

    Returns the norm before. Parameters without a gradient are passed over.
    """
    is_generator = isinstance(parameters, GeneratorType)
    parameters = _as_list(parameters)
    if is_generator and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2
        )
    total = get_total_norm(_grads_of(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(*args, **kwargs) -> Tensor:
    """The older name of clip_grad_norm_()."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(*args, **kwargs)


def clip_grad_value_(parameters, clip_value: float, foreach: bool | None = None) -> None:
    """Cuts every element of every gradient to [-clip_value, clip_value]."""
    limit = float(clip_value)
    with rushlight.no_grad():
        for grad in _grads_of(parameters):
            grad.clamp_(-limit, limit)
