"""Steps of the engine's optimisers in compiled functions.

A plan runs the kernel of a step without Python, but its counts and options are kept here: before
each run it asks a `Follower` for those of the step. What a plan was made for may change between
runs; then it is made anew.
"""

from __future__ import annotations

from operator import is_
from typing import ClassVar

from rushlight import _C


class Follower:
    """What later runs of a plan do for one call of the engine: a step of one cohort."""

    made: ClassVar[list[Follower]] = []  # in the trace that is under way

    def __init__(self, optimizer, number, plan, cohort) -> None:
        self.optimizer, self.number, self.group = optimizer, number, optimizer.param_groups[number]
        self.group_count = len(optimizer.param_groups)
        self.params = list(self.group["params"])
        self.plan, self.cohort = plan, cohort
        self.before = cohort.counters

    def advance(self) -> None:
        """Counts a step, and tells the engine its attributes."""
        cohort = self.cohort
        self.before = list(cohort.counters)
        cohort.counters[0] += 1
        try:
            self.optimizer._advance(self.group, cohort, cohort.params)
        except BaseException:
            self.undo()
            raise
        cohort.is_new = False

    def undo(self) -> None:
        """Takes back `advance`, when a run has failed."""
        self.cohort.counters = self.before

    def holds(self) -> bool:
        """Whether the plan may still make this step: nothing but numbers has changed."""
        optimizer = self.optimizer
        groups, params = optimizer.param_groups, self.group["params"]
        return (
            len(groups) == self.group_count
            and groups[self.number] is self.group
            and len(params) == len(self.params)
            and all(map(is_, params, self.params))
            and optimizer._slot_names(self.group) == self.plan.slot_names
            and (optimizer._plans.get(self.number) is self.plan or self._adopt())
        )

    def _adopt(self) -> bool:
        """Goes on with the lists made anew since the state was looked at, if they are the same."""
        optimizer, old = self.optimizer, self.cohort
        plan = optimizer._plans.get(self.number)
        if plan is None:
            plan = optimizer._make_plan(self.group, self.plan.params, self.plan.slot_names)
            optimizer._plans[self.number] = plan
        for cohort in plan.cohorts:
            if len(cohort.params) == len(old.params) and all(map(is_, cohort.params, old.params)):
                if not all(
                    all(map(is_, now, then))
                    for now, then in zip(cohort.slots, old.slots, strict=True)
                ):
                    return False
                self.plan, self.cohort = plan, cohort
                return True
        return False


class Before:
    """What steps of some optimisers and the buffers of modules change, as it was."""

    def __init__(self, optimizers, modules) -> None:
        Follower.made.clear()
        self.optimizers = optimizers
        self.options = [[_options(group) for group in o.param_groups] for o in optimizers]
        tensors = [buffer for m in modules for buffer in m._buffers.values() if buffer is not None]
        for optimizer in optimizers:
            for state in optimizer.state.values():
                tensors += [value for value in state.values() if isinstance(value, _C.Tensor)]
            for group in optimizer.param_groups:
                tensors += group["params"]
        self.values = [(t, t.detach().clone(), _copy(t.grad)) for t in tensors]

    def followers(self) -> list[Follower]:
        """Those of the steps made since."""
        made, Follower.made[:] = list(Follower.made), []
        return made

    def has_other_options(self) -> bool:
        """Whether rates or the like have changed since."""
        return self.options != [[_options(g) for g in o.param_groups] for o in self.optimizers]

    def restore(self) -> None:
        """Takes everything back that has happened since."""
        for optimizer, options in zip(self.optimizers, self.options, strict=True):
            optimizer._plans.clear()
            for group, former in zip(optimizer.param_groups, options, strict=True):
                group.update(former)
        for tensor, value, grad in self.values:
            tensor.detach().copy_(value)
            if tensor.is_leaf and tensor.requires_grad:
                tensor.grad = grad


def _copy(grad):
    return None if grad is None else grad.clone()


def _options(group):
    return {name: value for name, value in group.items() if name != "params"}


def can_be_followed(optimizer) -> bool:
    """Whether a plan may make this optimiser's steps: the engine's own, without hooks."""
    from rushlight.optim._stepping import EngineOptimizer

    return (
        isinstance(optimizer, EngineOptimizer)
        and type(optimizer).step is EngineOptimizer.step
        and not optimizer._optimizer_step_pre_hooks
        and not optimizer._optimizer_step_post_hooks
    )
