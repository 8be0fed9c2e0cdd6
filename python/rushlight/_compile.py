"""compile(): a function or module traced once for each set of shapes, and run as a plan then."""

from __future__ import annotations

import functools
import inspect
import sys
import warnings

from rushlight import _C, _scopes
from rushlight._pytree import flatten, unflatten

_Tensor = _C.Tensor
_MOST_PLANS = 64


class Untraceable(RuntimeError):
    """What a compiled function did that a plan cannot repeat."""


def compile(
    model=None,
    *,
    fullgraph=False,
    dynamic=None,
    backend="inductor",
    mode=None,
    options=None,
    name=None,
    disable=False,
    recompile_limit=None,
    isolate_recompiles=False,
    shapes_spec=None,
):
    """A faster form of a function over tensors, or of a module; also `@compile`.

    Where no gradients flow out, the function is traced for each set of shapes and other arguments
    and run as a plan from then on; what it prints or counts happens in the first calls only. Where
    the caller may go backward from the results, where the function itself goes backward or steps an
    optimiser, and where something cannot be traced (that is said in a warning, with fullgraph=True
    in an error), it is run as it is. Choices of backend, mode and dynamic shapes change nothing.
    """
    if model is None:
        return functools.partial(compile, fullgraph=fullgraph, disable=disable)
    if not callable(model):
        raise TypeError(f"compile: expected a function or a Module, not {type(model).__name__}")
    if disable:
        return model
    if not _is_module(model):
        return _compiled_function(model, fullgraph)
    from rushlight._compiled_module import OptimizedModule

    return OptimizedModule(model, _Plans(model, fullgraph))


def _compiled_function(function, fullgraph):
    plans = _Plans(function, fullgraph)

    @functools.wraps(function)
    def compiled(*args, **kwargs):
        return plans(args, kwargs)

    compiled._plans = plans
    return compiled


def _is_module(value) -> bool:
    nn = sys.modules.get("rushlight.nn")  # without it there are no modules
    return nn is not None and isinstance(value, nn.Module)


def _modules_in(function):
    """The modules that a function mentions: itself, its object, closure and globals."""
    if _is_module(function):
        return [function]
    owner = getattr(function, "__self__", None)
    function = inspect.unwrap(getattr(function, "__func__", function))
    seen = [owner]
    for cell in getattr(function, "__closure__", None) or ():
        try:
            seen.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    code = getattr(function, "__code__", None)
    if code is not None:
        seen += [function.__globals__.get(name) for name in code.co_names]
    return [value for value in seen if _is_module(value)]


def _key(value):
    """What plans are told apart by, for an argument that is no tensor."""
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value


def _state_of(module):
    """What a plan takes for granted of a module: its mode, and where its tensors are."""
    held = (*module._parameters.values(), *module._buffers.values())
    return module.training, *[tensor.data_ptr() for tensor in held if tensor is not None]


class _Plans:
    """The plans of one function, by arguments that are no tensors and by the state of modules."""

    def __init__(self, function, fullgraph) -> None:
        self.function, self.fullgraph = function, fullgraph
        self.entries = {}
        self.modules = None
        self.has_warned = False

    def __call__(self, args, kwargs):
        leaves, structure = flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, _Tensor)]
        if self.modules is None:
            self.modules = [m for found in _modules_in(self.function) for m in found.modules()]
        key = (
            structure,
            tuple([(v.shape, v.dtype) if isinstance(v, _Tensor) else _key(v) for v in leaves]),
            tuple([_state_of(m) for m in self.modules]),
            _C.autograd.is_grad_enabled(),
            _C.get_autocast(),
        )
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= _MOST_PLANS:  # sizes that keep changing
                return self.function(*args, **kwargs)
            entry = self.entries[key] = _Plan(self)
        return entry(leaves, structure, places)

    def give_up(self, why) -> None:
        """Says why a function is run as it is."""
        if self.fullgraph:
            raise Untraceable(f"compile: {why}")
        if not self.has_warned:
            self.has_warned = True
            name = getattr(self.function, "__name__", type(self.function).__name__)
            warnings.warn(f"compile: {name} runs as it is, because {why}", stacklevel=5)


class _Plan:
    """One way of calling the function. It is run as it is first, to see if it can be traced."""

    def __init__(self, plans) -> None:
        self.plans = plans
        self.calls = 0
        self.is_eager = False
        self.cache = None
        self.structure = None

    def __call__(self, leaves, structure, places):
        self.calls += 1
        if self.is_eager:
            return self._run(leaves, structure)
        if self.calls == 1:
            return self._try(leaves, structure)
        if self.cache is None:
            self.cache = _C.autograd.plan_cache(False, _C.get_autocast())
        former = []

        def traced(*inputs):
            former.append(_C.default_generator.get_state())
            now = list(leaves)
            for place, value in zip(places, inputs, strict=True):
                now[place] = value
            with _scopes.modules_noted():  # a profile of the plan knows them then
                return self._taken_apart(self._run(now, structure))

        try:
            results = _C.autograd.plan_call(self.cache, traced, tuple(leaves[i] for i in places))
        except _C.Error as error:
            if not former:  # the plan's own error: the arguments' values
                raise
            _C.default_generator.set_state(former[0])
            self.is_eager = True
            self.plans.give_up(str(error).partition("\n")[0])
            return self._run(leaves, structure)
        values = list(self.constants)
        for place, value in zip(self.places, results, strict=True):
            values[place] = value
        return unflatten(values, self.structure)

    def _run(self, leaves, structure):
        args, kwargs = unflatten(leaves, structure)
        return self.plans.function(*args, **kwargs)

    def _try(self, leaves, structure):
        """A run as it is, which tells whether there may be a plan: whether gradients stay out."""
        steps = []
        optimizers = sys.modules.get("rushlight.optim.optimizer")
        handle = optimizers and optimizers.register_optimizer_step_pre_hook(
            lambda *_: steps.append(1)
        )
        before = _C.autograd.walk_count()
        try:
            result = self._run(leaves, structure)
        finally:
            if handle:
                handle.remove()
        values, _ = flatten(result)
        self.is_eager = (
            bool(steps)
            or _C.autograd.walk_count() != before
            or any(isinstance(v, _Tensor) and v.requires_grad for v in values)
        )
        return result

    def _taken_apart(self, result):
        values, self.structure = flatten(result)
        self.places = [i for i, v in enumerate(values) if isinstance(v, _Tensor)]
        self.constants = [None if isinstance(v, _Tensor) else v for v in values]
        return tuple(values[i] for i in self.places)
