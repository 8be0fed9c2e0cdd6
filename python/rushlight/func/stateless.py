"""Modules called with parameters from outside, and many modules as one."""

from __future__ import annotations

import contextlib

from rushlight import _C


def _slots(module):
    """Where each parameter and buffer is kept: full name -> (dictionary, name)."""
    slots = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for held in (part._parameters, part._buffers):
            for name in held:
                slots[f"{prefix}.{name}" if prefix else name] = held, name
    return slots


@contextlib.contextmanager
def _swapped(module, values, tie_weights, strict):
    slots = _slots(module)
    unknown = sorted(set(values) - set(slots))
    missing = sorted(name for name in slots if name not in values)
    if strict and (unknown or missing):
        raise RuntimeError(
            f"functional_call: missing keys {missing}, unexpected keys {unknown} (strict=True)"
        )
    if unknown:
        raise KeyError(f"functional_call: the module has no {', '.join(unknown)}")
    former = {}
    by_tensor = {}
    for name, (held, key) in slots.items():
        by_tensor.setdefault(id(held[key]), []).append(name)
    try:
        for name, value in values.items():
            held, key = slots[name]
            tied = by_tensor[id(held[key])] if tie_weights and held[key] is not None else [name]
            for other in tied if name not in former else [name]:
                if other != name and other in values:
                    continue
                held, key = slots[other]
                former.setdefault(other, held[key])
                held[key] = value
        yield
    finally:
        for name, value in former.items():
            held, key = slots[name]
            held[key] = value


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
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _swapped(module, values, tie_weights, strict):
        return module(*args, **(kwargs or {}))


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
