"""compile(): a function or module traced once for each set of shapes, and run as a plan then."""

from __future__ import annotations

import functools
import inspect
import sys
import types
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

    Where no gradients flow out, the function - a whole training step, too, with backward() and an
    optimiser's step - is traced for each set of shapes and other arguments and run as a plan from
    then on; what it prints or counts happens in the first calls only. Where the caller may go
    backward from the results, and where something cannot be traced (that is said in a warning, with
    fullgraph=True in an error), it is run as it is. Choices of backend, mode and dynamic shapes
    change nothing.
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
    """The modules that a function mentions: itself, its object, closure and globals, and what
    objects among these hold."""
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
    found = []
    for value in seen:
        if _is_module(value):
            found.append(value)
        elif not isinstance(value, (type, types.ModuleType, types.FunctionType)):
            found += [v for v in getattr(value, "__dict__", {}).values() if _is_module(v)]
    return found


_PLAIN = (int, float, str, bytes, type(None))  # bool is an int


def _readers_of_numbers(function):
    """Functions that give the plain numbers and texts which a function may look at: in its closure,
    among its globals, and of the object it is a method of."""
    owner = getattr(function, "__self__", None)
    function = inspect.unwrap(getattr(function, "__func__", function))
    readers = []
    cells = getattr(function, "__closure__", None) or ()
    if cells:
        readers.append(lambda: [_plain(c) for c in cells])
    code = getattr(function, "__code__", None)
    if code is not None:
        held = function.__globals__
        names = [n for n in code.co_names if n in held and isinstance(held[n], _PLAIN)]
        if names:
            readers.append(lambda: [_key(held.get(name)) for name in names])
    if owner is not None and not _is_module(owner) and hasattr(owner, "__dict__"):
        attributes = owner.__dict__
        readers.append(lambda: [(n, v) for n, v in attributes.items() if isinstance(v, _PLAIN)])
    return readers


def _plain(cell):
    try:
        value = cell.cell_contents
    except ValueError:  # not assigned yet
        return None
    return value if isinstance(value, _PLAIN) else None


def _key(value):
    """What plans are told apart by, for an argument that is no tensor."""
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value


def _state_of(modules):
    """What a plan takes for granted of modules: their modes, and which tensors they have."""
    state = []
    for module in modules:
        held = module.__dict__
        state.append(held["training"])
        state += map(id, held["_parameters"].values())
        if held["_buffers"]:
            state += map(id, held["_buffers"].values())
    return tuple(state)


class _Plans:
    """The plans of one function, by arguments that are no tensors and by the state of modules."""

    def __init__(self, function, fullgraph) -> None:
        self.function, self.fullgraph = function, fullgraph
        self.entries = {}
        self.modules = self.readers = None
        self.has_warned = False

    def __call__(self, args, kwargs):
        if not kwargs and all([type(arg) is _Tensor for arg in args]):
            leaves, structure, places = args, len(args), range(len(args))
            kinds = tuple([(v.shape, v.dtype) for v in args])
        else:
            leaves, structure = flatten((args, kwargs))
            places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, _Tensor)]
            kinds = tuple(
                [(v.shape, v.dtype) if isinstance(v, _Tensor) else _key(v) for v in leaves]
            )
        if self.modules is None:
            self.modules = [m for found in _modules_in(self.function) for m in found.modules()]
            self.readers = _readers_of_numbers(self.function)
        key = (
            structure,
            kinds,
            _state_of(self.modules),
            str([read() for read in self.readers]) if self.readers else None,
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
        self.optimizers, self.followers = [], []

    def __call__(self, leaves, structure, places):
        self.calls += 1
        if self.is_eager:
            return self._run(leaves, structure)
        if self.calls == 1:
            return self._try(leaves, structure)
        if self.cache is None or not all([f.holds() for f in self.followers]):
            self.cache = _C.autograd.plan_cache(False, _C.get_autocast())
            self.followers = []
        before = []

        def traced(*inputs):
            before.append(_Before(self))
            now = list(leaves)
            for place, value in zip(places, inputs, strict=True):
                now[place] = value
            with _scopes.modules_noted():  # a profile of the plan knows them then
                result = self._run(now, structure)
            self.followers += before[-1].end()
            return self._taken_apart(result)

        try:
            results = _C.autograd.plan_call(self.cache, traced, tuple([leaves[i] for i in places]))
        except _C.Error as error:
            if not before:  # the plan's own error: the arguments' values
                raise
            before[0].restore()
            self.is_eager = True
            self.plans.give_up(str(error).partition("\n")[0])
            return self._run(leaves, structure)
        if before and before[0].has_other_options():
            self.is_eager = True
            self.plans.give_up("it changes options of its optimiser; change them between the calls")
        if self.structure is None:
            return results[0]
        values = list(self.constants)
        for place, value in zip(self.places, results, strict=True):
            values[place] = value
        return unflatten(values, self.structure)

    def _run(self, leaves, structure):
        if type(structure) is int:  # tensors alone
            return self.plans.function(*leaves)
        args, kwargs = unflatten(leaves, structure)
        return self.plans.function(*args, **kwargs)

    def _try(self, leaves, structure):
        """A run as it is, which tells whether there may be a plan: whether gradients stay in, and
        which optimisers step."""
        stepped = {}
        optimizers = sys.modules.get("rushlight.optim.optimizer")
        has_hooks = optimizers and (optimizers._global_pre_hooks or optimizers._global_post_hooks)
        handle = optimizers and optimizers.register_optimizer_step_pre_hook(
            lambda optimizer, *_: stepped.update({id(optimizer): optimizer})
        )
        before = _C.autograd.walk_count()
        try:
            result = self._run(leaves, structure)
        finally:
            if handle:
                handle.remove()
        has_walked = _C.autograd.walk_count() != before
        values, _ = flatten(result)
        self.is_eager = (has_walked and not stepped) or any(
            isinstance(v, _Tensor)
            and v.requires_grad
            and not (has_walked and _C.autograd.is_spent(v))
            for v in values
        )
        if stepped:
            from rushlight.optim._followed import can_be_followed

            self.optimizers = list(stepped.values())
            if has_hooks or not all(map(can_be_followed, self.optimizers)):
                self.is_eager = True
        return result

    def _taken_apart(self, result):
        if type(result) is _Tensor:
            self.structure = None
            return (result,)
        values, self.structure = flatten(result)
        self.places = [i for i, v in enumerate(values) if isinstance(v, _Tensor)]
        self.constants = [None if isinstance(v, _Tensor) else v for v in values]
        return tuple(values[i] for i in self.places)


class _Before:
    """What a trace may have to take back, when it fails half-way."""

    def __init__(self, plan) -> None:
        self.random = _C.default_generator.get_state()
        self.steps = None
        if plan.optimizers:
            from rushlight.optim._followed import Before

            self.steps = _C.autograd.hidden(Before, plan.optimizers, plan.plans.modules)

    def end(self):
        """What the steps that were traced need in later runs."""
        return [] if self.steps is None else self.steps.followers()

    def has_other_options(self) -> bool:
        return self.steps is not None and self.steps.has_other_options()

    def restore(self) -> None:
        _C.default_generator.set_state(self.random)
        if self.steps is not None:
            self.steps.restore()
