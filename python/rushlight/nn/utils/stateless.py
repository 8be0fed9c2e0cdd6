"""Calling a module with other tensors in place of its parameters and buffers."""

from __future__ import annotations

from contextlib import contextmanager

from rushlight import _C
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor


def _places(module: Module) -> dict:
    """Path -> (the dictionary a tensor is kept in, its key there), for all there are."""
    places = {}
    for path, owner in module.named_modules(remove_duplicate=False):
        start = path + "." if path else ""
        for members in (owner._parameters, owner._buffers):
            for name, tensor in members.items():
                if tensor is not None:
                    places[start + name] = (members, name)
    return places


def _untied(given: dict, places: dict) -> dict:
    """The given tensors, also under the other names of tensors that are kept in several places."""
    names_of: dict[int, list] = {}
    for path, (members, name) in places.items():
        names_of.setdefault(id(members[name]), []).append(path)
    full = dict(given)
    for path in given:
        if path not in places:
            continue
        members, name = places[path]
        tied = names_of[id(members[name])]
        if len({id(given[other]) for other in tied if other in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(tied)}, which are tied. "
                "Consider using tie_weights=False"
            )
        full.update(dict.fromkeys(tied, given[path]))
    return full


def _check_keys(module: Module, given: dict, places: dict) -> None:
    errors = []
    for kind, keys in (
        ("Unexpected", [k for k in given if k not in places]),
        ("Missing", [k for k in places if k not in given]),
    ):
        if keys:
            errors.append(f"{kind} key(s): {', '.join(map(repr, keys))}.")
    if errors:
        raise RuntimeError(
            "Error(s) in reparametrizing for {}:\n\t{}".format(
                module._get_name(), "\n\t".join(errors)
            )
        )


@contextmanager
def _reparametrize_module(module, parameters_and_buffers, tie_weights=True, strict=False):
    """Within this block the module has the given tensors; what it puts in their place afterwards,
    such as new running statistics, is found in `parameters_and_buffers`."""
    places = _places(module)
    given = parameters_and_buffers
    given = _untied(given, places) if tie_weights else dict(given)
    if strict:
        _check_keys(module, given, places)
    swapped = {path: places[path] for path in given if path in places}
    before = {path: members[name] for path, (members, name) in swapped.items()}
    try:
        for path, (members, name) in swapped.items():
            members[name] = given[path]
        yield
    finally:
        for path, (members, name) in swapped.items():
            if path in parameters_and_buffers:
                parameters_and_buffers[path] = members[name]
        for path, (members, name) in swapped.items():
            members[name] = before[path]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args=None,
    kwargs=None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
):
    """module(*args, **kwargs), with the given tensors in place of the module's own.

    Gradients go to the given tensors. strict: there is one for each parameter and buffer.
    """
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _reparametrize_module(module, parameters_and_buffers, tie_weights, strict):
        return module(*args, **(kwargs or {}))


_functional_call = functional_call
