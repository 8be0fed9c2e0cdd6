"""Adam and its variant with decoupled weight decay."""

from __future__ import annotations

from rushlight import _C
from rushlight.optim._stepping import EngineOptimizer, check_betas, check_least, check_rate

Tensor = _C.Tensor
_adam_step = _C.optim.adam_step
_MOMENTS = ("exp_avg", "exp_avg_sq")
_MOMENTS_AND_LARGEST = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")


class Adam(EngineOptimizer):
    """Steps along the mean gradient over the root of its mean square, both as running means.

    `betas` are the shares that the means keep; `amsgrad` divides by the largest mean square so far;
    `decoupled_weight_decay` shrinks parameters as AdamW does.
    """

    _later_options = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay: float = 0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        check_rate(lr)
        check_least("epsilon value", eps)
        check_betas(betas)
        check_least("weight_decay value", weight_decay)
        if not all(isinstance(b, float) for b in betas) and not all(
            isinstance(b, Tensor) for b in betas
        ):
            raise ValueError("betas must be either both floats or both Tensors")
        defaults = {
            "lr": lr,
            "betas": tuple(map(float, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _slot_names(self, group):
        return _MOMENTS_AND_LARGEST if group["amsgrad"] else _MOMENTS

    def _advance(self, group, cohort, grads) -> None:
        beta1, beta2 = group["betas"]
        slots = cohort.slots
        is_amsgrad = len(slots) > len(_MOMENTS)
        _adam_step(
            cohort.params,
            grads,
            slots[0],
            slots[1],
            slots[2] if is_amsgrad else [],
            lr=float(group["lr"]),
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            step=int(cohort.counters[0]),
            decoupled=group["decoupled_weight_decay"],
            amsgrad=is_amsgrad,
            maximize=group["maximize"],
        )
