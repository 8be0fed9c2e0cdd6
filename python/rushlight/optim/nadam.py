"""NAdam: Adam that looks one step ahead along its momentum."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_betas, check_least, check_rate

_nadam_step = _C.optim.nadam_step
_SCHEDULE_BASE = 0.96


class NAdam(EngineOptimizer):
    """Adam with Nesterov's momentum, which rises from half of betas[0] with `momentum_decay`."""

    _counter_names = ("step", "mu_product")
    _later_options = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay: float = 0,
        momentum_decay=4e-3,
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
        check_least("momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("exp_avg", "exp_avg_sq")

    def _first_counter(self, name, group):
        return 1.0 if name == "mu_product" else 0.0

    def _advance(self, group, cohort, grads) -> None:
        beta1, beta2 = group["betas"]
        lr, weight_decay = float(group["lr"]), group["weight_decay"]
        is_decoupled = group["decoupled_weight_decay"]
        step, product = cohort.counters
        momentum, following = (
            beta1 * (1 - 0.5 * _SCHEDULE_BASE ** (count * group["momentum_decay"]))
            for count in (step, step + 1)
        )
        product *= momentum
        cohort.counters[1] = product
        _nadam_step(
            cohort.params,
            grads,
            *cohort.slots,
            mean_size=lr * following / (1 - product * following),
            gradient_size=lr * (1 - momentum) / (1 - product),
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            correction=1 - beta2**step,
            weight_decay=0.0 if is_decoupled else weight_decay,
            shrink=lr * weight_decay if is_decoupled else 0.0,
            maximize=group["maximize"],
        )
