"""RMSprop."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_least, check_rate

_rmsprop_step = _C.optim.rmsprop_step


class RMSprop(EngineOptimizer):
    """Divides each gradient by the root of its mean square, a running mean that keeps `alpha`.

    `centered` takes the squared mean gradient off the mean square; `momentum` sums the steps.
    """

    _later_options = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_least("momentum value", momentum)
        check_least("weight_decay value", weight_decay)
        check_least("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        return ("square_avg", *momentum, *(("grad_avg",) if group["centered"] else ()))

    def _advance(self, group, cohort, grads) -> None:
        has_momentum, is_centered = group["momentum"] > 0, group["centered"]
        slots = cohort.slots
        _rmsprop_step(
            cohort.params,
            grads,
            slots[0],
            slots[1] if has_momentum else [],
            slots[-1] if is_centered else [],
            lr=float(group["lr"]),
            alpha=group["alpha"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            centered=is_centered,
            maximize=group["maximize"],
        )
