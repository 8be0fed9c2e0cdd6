"""Optimisers whose numbers the engine computes: one call for all parameters of a group.

Between steps a plan keeps the lists that the call takes, and the counts ('step', ...) as Python
numbers. Whoever looks at `optimizer.state` gets the counts written back as 0-d tensors first, and
the plans are made anew, for the state may be changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from operator import is_
from typing import Any

from rushlight import _C
from rushlight.optim._followed import Follower
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor
_full_like = _C.torch.full_like
_tensor = _C.torch.tensor
_hidden = _C.autograd.hidden
_is_tracing = _C.autograd.is_tracing


class Cohort:
    """Parameters of one group that have taken equally many steps, and lists of their states.

    `counters` holds the numbers common to all of them, the count of steps first; `is_new` is true
    before their first step.
    """

    __slots__ = ("params", "places", "slots", "counters", "is_new")

    def __init__(self, counters: list[float], slot_count: int, is_new: bool) -> None:
        self.params: list[Tensor] = []
        self.places: list[int] = []
        self.slots: list[list[Tensor]] = [[] for _ in range(slot_count)]
        self.counters = counters
        self.is_new = is_new


class _Plan:
    """The cohorts of one group, while its parameters and kinds of state stay the same."""

    __slots__ = ("params", "slot_names", "cohorts")

    def __init__(self, params: list[Tensor], slot_names: tuple[str, ...]) -> None:
        self.params = list(params)
        self.slot_names = slot_names
        self.cohorts: list[Cohort] = []

    def fits(self, params: list[Tensor], slot_names: tuple[str, ...]) -> bool:
        return (
            len(params) == len(self.params)
            and slot_names == self.slot_names
            and all(map(is_, params, self.params))
        )


class EngineOptimizer(Optimizer):
    """Base of the optimisers with a step in the engine.

    A subclass names its counters and slots, the tensors kept for each parameter, and calls the
    engine in `_advance`.
    """

    _counter_names: tuple[str, ...] = ("step",)

    def __init__(self, params, defaults: dict[str, Any]) -> None:
        check_execution(defaults)
        self._plans: dict[int, _Plan] = {}
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.setdefault("_plans", {})
        super().__setstate__(state)
        for group in self.param_groups:
            for name, default in self._later_options.items():
                group.setdefault(name, default)

    # Options that checkpoints of earlier versions of PyTorch lack.
    _later_options: dict[str, Any] = {"maximize": False, "foreach": None, "differentiable": False}

    def _slot_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of the tensors kept for each parameter of the group."""
        raise NotImplementedError

    def _first_counter(self, name: str, group: dict[str, Any]) -> float:
        return 0.0

    def _first_value(self, slot: str, group: dict[str, Any]) -> float:
        return 0.0

    def _advance(self, group: dict[str, Any], cohort: Cohort, grads: list[Tensor]) -> None:
        """Changes the parameters and states of a cohort, whose step is already counted."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes the parameters once; `closure` computes the loss anew and returns it."""
        loss = None if closure is None else evaluate(closure)
        plans = self._plans
        is_tracing = _is_tracing()
        for number, group in enumerate(self.param_groups):
            params = group["params"]
            grads = [grad for p in params if (grad := p.grad) is not None]
            if len(grads) != len(params):
                params = [p for p in params if p.grad is not None]
            plan = plans.get(number)
            slot_names = self._slot_names(group)
            if plan is None or not plan.fits(params, slot_names):
                plan = _hidden(self._plan_anew, number, params, slot_names)
            for cohort in plan.cohorts:
                if is_tracing:
                    self._follow(number, plan, cohort)
                cohort.counters[0] += 1
                some = grads
                if len(cohort.places) != len(grads):
                    some = [grads[i] for i in cohort.places]
                self._advance(group, cohort, some)
                cohort.is_new = False
        return loss

    def _plan_anew(self, number: int, params: list[Tensor], slot_names: tuple[str, ...]) -> _Plan:
        self._settle()
        plan = self._make_plan(self.param_groups[number], params, slot_names)
        self._plans[number] = plan
        return plan

    def _follow(self, number: int, plan: _Plan, cohort: Cohort) -> None:
        """Lets a compiled function make the step of a cohort in its later runs."""
        follower = Follower(self, number, plan, cohort)
        _C.autograd.follow_step(follower.advance, follower.undo)
        Follower.made.append(follower)

    def _make_plan(self, group: dict, params: list[Tensor], slot_names: tuple[str, ...]) -> _Plan:
        plan = _Plan(params, slot_names)
        cohorts: dict[tuple, Cohort] = {}
        for place, p in enumerate(params):
            state = self._state[p] if slot_names or self._counter_names else {}
            is_new = any(state.get(name) is None for name in slot_names)
            counters = self._complete(state, p, group, slot_names)
            key = (p.dtype, is_new, *counters)
            cohort = cohorts.get(key)
            if cohort is None:
                cohort = cohorts[key] = Cohort(counters, len(slot_names), is_new)
            cohort.params.append(p)
            cohort.places.append(place)
            for slot, name in zip(cohort.slots, slot_names, strict=True):
                slot.append(state[name])
        plan.cohorts = list(cohorts.values())
        return plan

    def _complete(
        self, state: dict, p: Tensor, group: dict, slot_names: tuple[str, ...]
    ) -> list[float]:
        """Adds what a parameter's state lacks; returns its counters."""
        counters = []
        for name in self._counter_names:
            count = state.get(name)
            if not isinstance(count, Tensor):
                count = self._first_counter(name, group) if count is None else float(count)
                state[name] = counter(count)
            else:
                count = count.item()
            counters.append(count)
        for name in slot_names:
            if state.get(name) is None:
                state[name] = _full_like(p, self._first_value(name, group), requires_grad=False)
        # Without a counter in the state, as in SGD, the count starts with each plan.
        return counters or [0.0]

    def _settle(self) -> None:
        names = self._counter_names
        for plan in self._plans.values():
            for cohort in plan.cohorts:
                for p in cohort.params if names else ():
                    state = self._state.get(p, ())
                    for name, count in zip(names, cohort.counters, strict=True):
                        if name in state:
                            state[name].fill_(count)
        self._plans.clear()


def counter(value: float) -> Tensor:
    """A 0-d tensor of the default dtype, or of float32 where that cannot hold large counts."""
    number = _tensor(value)
    return number if number.element_size() >= 4 else number.float()


@contextmanager
def _recording(is_on: bool) -> Iterator[None]:
    was_on = _C.autograd.is_grad_enabled()
    _C.autograd.set_grad_enabled(is_on)
    try:
        yield
    finally:
        _C.autograd.set_grad_enabled(was_on)


def without_recording() -> AbstractContextManager[None]:
    """A block whose operations are not recorded for gradients."""
    return _recording(False)


def evaluate(closure: Callable[[], Any]) -> Any:
    """The closure's loss, with gradients recorded."""
    with _recording(True):
        return closure()


def check_execution(options: dict[str, Any]) -> None:
    """Refuses `differentiable`, and ways of execution that exclude each other."""
    if options.get("differentiable"):
        raise RuntimeError(
            "differentiable=True is not supported: a step changes parameters in place and records "
            "nothing; write the update with tensor operations to differentiate through it"
        )
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_rate(lr: Any) -> None:
    """Refuses a learning rate that is negative or not one number."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check_least("learning rate", lr)


def check_least(what: str, value: Any, least: float = 0.0) -> None:
    """Refuses a value below `least`, or one that is not a number."""
    if not value >= least:
        raise ValueError(f"Invalid {what}: {value}")


def check_betas(betas: Any) -> None:
    """Refuses coefficients of running means outside [0, 1)."""
    for index, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
