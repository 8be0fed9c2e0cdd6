"""Modules called with parameters from outside, and many modules as one."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn.utils.stateless import functional_call as call_with


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """`module(*args, **kwargs)` with these tensors, by name, in the place of its own.

    With tie_weights, a tensor that stands in several places is replaced in all of them.
    """
    if isinstance(parameter_and_buffer_dicts, (tuple, list)):
        values = {}
        for one in parameter_and_buffer_dicts:
            repeated = sorted(set(values) & set(one))
            if repeated:
                raise ValueError(f"functional_call: {repeated} appear in two dictionaries")
            values.update(one)
    else:
        values = dict(parameter_and_buffer_dicts)
    return call_with(module, values, args, kwargs, tie_weights=tie_weights, strict=strict)


def stack_module_state(models):
    """`(parameters, buffers)` of alike modules, stacked by name, for vmap over the modules."""
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(m.training != models[0].training for m in models):
        raise RuntimeError("stack_module_state: all models must be in the same training mode")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: all models must be of the same class")
    stack = _C.torch.stack
    parameters = {}
    for name, value in models[0].named_parameters():
        column = [dict(m.named_parameters())[name].detach() for m in models]
        parameters[name] = stack(column).requires_grad_(value.requires_grad)
    buffers = {
        name: stack([dict(m.named_buffers())[name].detach() for m in models])
        for name, _ in models[0].named_buffers()
    }
    return parameters, buffers
