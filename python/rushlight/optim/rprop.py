"""Rprop."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_rate

_rprop_step = _C.optim.rprop_step


class Rprop(EngineOptimizer):
    """Steps by sizes of their own for each number, which grow while gradients keep their sign.

    `etas` are the factors after a change of sign and without one; `step_sizes` the least and
    largest size.
    """

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
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ) -> None:
        check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return ("prev", "step_size")

    def _first_value(self, slot, group):
        return float(group["lr"]) if slot == "step_size" else 0.0

    def _advance(self, group, cohort, grads) -> None:
        etas, sizes = group["etas"], group["step_sizes"]
        _rprop_step(
            cohort.params,
            grads,
            *cohort.slots,
            eta_minus=etas[0],
            eta_plus=etas[1],
            step_min=sizes[0],
            step_max=sizes[1],
            maximize=group["maximize"],
        )
