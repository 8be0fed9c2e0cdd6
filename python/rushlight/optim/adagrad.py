"""Adagrad."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_least, check_rate

_adagrad_step = _C.optim.adagrad_step


class Adagrad(EngineOptimizer):
    """Divides each gradient by the root of the sum of all its squares so far.

    The rate falls as lr / (1 + (step - 1) * lr_decay); the sums start at
    `initial_accumulator_value`.
    """

    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ) -> None:
        check_rate(lr)
        check_least("lr_decay value", lr_decay)
        check_least("weight_decay value", weight_decay)
        check_least("initial_accumulator_value value", initial_accumulator_value)
        check_least("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self._complete(self._state[p], p, group, self._slot_names(group))

    def _slot_names(self, group):
        return ("sum",)

    def _first_value(self, slot, group):
        return group["initial_accumulator_value"]

    def _advance(self, group, cohort, grads) -> None:
        _adagrad_step(
            cohort.params,
            grads,
            *cohort.slots,
            lr=float(group["lr"]),
            lr_decay=group["lr_decay"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            step=int(cohort.counters[0]),
            maximize=group["maximize"],
        )
