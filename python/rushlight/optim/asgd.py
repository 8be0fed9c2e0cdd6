"""Averaged stochastic gradient descent."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_least, check_rate

_asgd_step = _C.optim.asgd_step


class ASGD(EngineOptimizer):
    """Gradient descent that also keeps an average of the parameters, in `state[p]["ax"]`.

    Parameters decay by `lambd`; the rate falls with the power `alpha` of the step; averaging starts
    at step `t0`.
    """

    _counter_names = ("step", "eta", "mu")
    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay: float = 0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ) -> None:
        check_rate(lr)
        check_least("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("ax",)

    def _first_counter(self, name, group):
        return {"step": 0.0, "eta": float(group["lr"]), "mu": 1.0}[name]

    def _advance(self, group, cohort, grads) -> None:
        step, eta, mu = cohort.counters
        lr, lambd = float(group["lr"]), group["lambd"]
        _asgd_step(
            cohort.params,
            grads,
            *cohort.slots,
            eta=eta,
            lambd=lambd,
            mu=mu,
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )
        eta = lr / (1 + lambd * lr * step) ** group["alpha"]
        cohort.counters = [step, eta, 1 / max(1.0, step - group["t0"])]
