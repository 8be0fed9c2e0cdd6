"""Stochastic gradient descent."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_least, check_rate

_sgd_step = _C.optim.sgd_step
_NO_BUFFER: list = [[]]


class SGD(EngineOptimizer):
    """Stochastic gradient descent, with momentum (a running sum of gradients) if asked for.

    p = p - lr * b, where b = momentum * b + (1 - dampening) * (grad + weight_decay * p).
    `nesterov` looks one step ahead along b; `maximize` climbs.
    """

    _counter_names = ()
    _later_options = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ) -> None:
        check_rate(lr)
        check_least("momentum value", momentum)
        check_least("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _advance(self, group, cohort, grads) -> None:
        _sgd_step(
            cohort.params,
            grads,
            *(cohort.slots or _NO_BUFFER),
            lr=float(group["lr"]),
            momentum=group["momentum"],
            dampening=group["dampening"],
            weight_decay=group["weight_decay"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
            first_step=cohort.is_new,
        )
