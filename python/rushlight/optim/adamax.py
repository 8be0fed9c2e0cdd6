"""Adamax."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_betas, check_least, check_rate

_adamax_step = _C.optim.adamax_step


class Adamax(EngineOptimizer):
    """Adam with the largest recent gradient in the place of the root of the mean square."""

    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay: float = 0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_betas(betas)
        check_least("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("exp_avg", "exp_inf")

    def _advance(self, group, cohort, grads) -> None:
        beta1, beta2 = group["betas"]
        _adamax_step(
            cohort.params,
            grads,
            *cohort.slots,
            step_size=float(group["lr"]) / (1 - beta1 ** cohort.counters[0]),
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )
