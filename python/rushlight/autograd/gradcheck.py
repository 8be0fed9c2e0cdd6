"""Gradients compared with finite differences."""

from __future__ import annotations

import functools

from rushlight import _C

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_Tensor = _C.Tensor


class GradcheckError(RuntimeError):
    """A gradient that differs from what finite differences give."""


def _tensor_function(func, inputs):
    """`func` as a function of the tensors among `inputs`, giving its floating outputs."""
    places = [i for i, value in enumerate(inputs) if isinstance(value, _Tensor)]

    @functools.wraps(func)
    def of_tensors(*tensors):
        args = list(inputs)
        for place, tensor in zip(places, tensors, strict=True):
            args[place] = tensor
        result = func(*args)
        parts = result if isinstance(result, (tuple, list)) else (result,)
        return tuple(
            part for part in parts if isinstance(part, _Tensor) and part.is_floating_point()
        )

    return of_tensors, tuple(inputs[i] for i in places)


def _run(check, func, inputs, eps, atol, rtol, raise_exception):
    inputs = (inputs,) if isinstance(inputs, _Tensor) else tuple(inputs)
    function, tensors = _tensor_function(func, inputs)
    if not any(t.requires_grad for t in tensors):
        raise ValueError(
            f"{check.__name__} expects at least one input tensor to require gradient, but none of "
            "them have requires_grad=True."
        )
    try:
        return check(function, tensors, eps, atol, rtol, raise_exception)
    except _C.DTypeError as error:
        if not raise_exception:
            return False
        raise GradcheckError(str(error)) from None
    except _C.Error as error:
        raise GradcheckError(str(error)) from None


def gradcheck(
    func,
    inputs,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_batched_forward_grad=False,
    check_forward_ad=False,
    check_backward_ad=True,
    fast_mode=False,
    masked=None,
) -> bool:
    """Whether the gradients of `func` agree with central differences, in float64.

    The outputs are projected on fixed random weights. Options beyond eps, atol, rtol and
    raise_exception are accepted and make no difference.
    """
    return _run(_C.autograd.gradcheck, func, inputs, eps, atol, rtol, raise_exception)


def gradgradcheck(
    func,
    inputs,
    grad_outputs=None,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_fwd_over_rev=False,
    check_rev_over_rev=True,
    fast_mode=False,
    masked=False,
) -> bool:
    """Whether the gradients of the gradients of `func` agree with central differences."""
    return _run(_C.autograd.gradgradcheck, func, inputs, eps, atol, rtol, raise_exception)
