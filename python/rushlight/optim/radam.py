"""RAdam: Adam that waits until its mean square can be trusted."""

from __future__ import annotations

from math import sqrt

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_betas, check_least, check_rate

_radam_step = _C.optim.radam_step
_LEAST_TRUSTED_LENGTH = 5


def _rectification(beta2: float, step: float) -> float:
    """How far to trust the mean square after so many steps; 0 if not at all."""
    longest = 2 / (1 - beta2) - 1
    kept = beta2**step
    length = longest - 2 * step * kept / (1 - kept)
    if length <= _LEAST_TRUSTED_LENGTH:
        return 0.0
    grown = (length - 4) * (length - 2) * longest
    return sqrt(grown / ((longest - 4) * (longest - 2) * length))


class RAdam(EngineOptimizer):
    """Adam whose first steps follow the mean gradient alone, and later ones are rectified."""

    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "capturable": False,
    }

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("exp_avg", "exp_avg_sq")

    def _advance(self, group, cohort, grads) -> None:
        beta1, beta2 = group["betas"]
        lr, weight_decay = float(group["lr"]), group["weight_decay"]
        is_decoupled = group["decoupled_weight_decay"]
        step = cohort.counters[0]
        step_size = lr / (1 - beta1**step)
        rectification = _rectification(beta2, step)
        if rectification:
            step_size *= rectification * sqrt(1 - beta2**step)
        _radam_step(
            cohort.params,
            grads,
            *cohort.slots,
            step_size=step_size,
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=0.0 if is_decoupled else weight_decay,
            shrink=lr * weight_decay if is_decoupled else 0.0,
            is_adaptive=rectification > 0,
            maximize=group["maximize"],
        )
