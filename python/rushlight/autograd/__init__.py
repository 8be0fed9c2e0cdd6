"""Gradients: `backward`, `grad`, ops of your own (`Function`), and checks of their gradients."""

from __future__ import annotations

import importlib
import warnings

from rushlight import _C
from rushlight.autograd import functional, graph
from rushlight.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from rushlight.autograd.function import Function
from rushlight.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from rushlight.autograd.gradcheck import gradcheck, gradgradcheck
from rushlight.autograd.variable import Variable

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_tensor",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

_Tensor = _C.Tensor
is_tensor = _C.torch.is_tensor


def _listed(tensors):
    return (tensors,) if isinstance(tensors, _Tensor) else tuple(tensors)


def _seeds(gradients, count):
    """One gradient or None for each of `count` tensors."""
    if gradients is None:
        return None
    gradients = _listed(gradients)
    if len(gradients) != count:
        raise RuntimeError(f"got {count} tensors and {len(gradients)} gradients")
    return gradients


def backward(
    tensors,
    grad_tensors=None,
    retain_graph=None,
    create_graph=False,
    grad_variables=None,
    inputs=None,
) -> None:
    """Adds the gradients of the sum of `tensors`, weighted by `grad_tensors`, to all leaves.

    With `inputs`, to these alone.
    """
    if grad_variables is not None:
        warnings.warn("grad_variables is called grad_tensors now", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError("backward: give grad_tensors or grad_variables, not both")
        grad_tensors = grad_variables
    tensors = _listed(tensors)
    retain = create_graph if retain_graph is None else retain_graph
    seeds = _seeds(grad_tensors, len(tensors))
    inputs = None if inputs is None else _listed(inputs)
    _C.autograd.backward(tensors, seeds, retain, create_graph, inputs)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of the sum of `outputs`, weighted by `grad_outputs`, by each of `inputs`.

    Leaves keep their `grad`. An input that the outputs do not depend on is an error, None with
    `allow_unused`, zeros with `materialize_grads`.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("grad: materialize_grads=True needs allow_unused to be True or None")
    if not only_inputs:
        warnings.warn("grad: only_inputs is always True", FutureWarning, stacklevel=2)
    outputs, inputs = _listed(outputs), _listed(inputs)
    retain = create_graph if retain_graph is None else retain_graph
    allow = materialize_grads if allow_unused is None else allow_unused
    seeds = _seeds(grad_outputs, len(outputs))
    if is_grads_batched:
        return _batched_grad(outputs, inputs, seeds, create_graph, allow, materialize_grads)
    found = _C.autograd.grad(outputs, inputs, seeds, retain, create_graph, allow)
    if not materialize_grads:
        return found
    zeros = _C.torch.zeros_like
    return tuple(zeros(x) if g is None else g for g, x in zip(found, inputs, strict=True))


def _batched_grad(outputs, inputs, seeds, create_graph, allow_unused, materialize):
    """grad() for each entry of the first axis of the seeds, stacked."""
    if seeds is None:
        raise RuntimeError("grad: is_grads_batched=True needs grad_outputs with a batch in front")
    rows = [
        grad(
            outputs,
            inputs,
            row,
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=allow_unused,
            materialize_grads=materialize,
        )
        for row in zip(*(seed.unbind(0) for seed in seeds), strict=True)
    ]
    stack = _C.torch.stack
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))


def __getattr__(name):
    if name == "profiler":  # when first asked for: few programs do
        return importlib.import_module("rushlight.autograd.profiler")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
