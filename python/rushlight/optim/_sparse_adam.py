"""SparseAdam: Adam for embeddings, of which a step touches the rows that were looked up."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from rushlight import _C
from rushlight.optim._stepping import (
    check_betas,
    check_least,
    check_rate,
    evaluate,
    without_recording,
)
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor


class SparseAdam(Optimizer):
    """Adam that changes only rows with a gradient: the others keep their values and averages.

    Gradients are dense here, so a row counts as without one where it is all zeros; PyTorch goes by
    which rows were looked up, and refuses dense gradients.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, maximize=False) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes the rows that have gradients; returns the closure's loss, if one is given."""
        with without_recording():
            loss = None if closure is None else evaluate(closure)
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._advance(group, p, p.grad)
        return loss

    def _advance(self, group, p: Tensor, grad: Tensor) -> None:
        state = self.state[p]
        if not state:
            zeros = _C.torch.zeros_like
            state.update(step=0, exp_avg=zeros(p), exp_avg_sq=zeros(p))
        state["step"] += 1
        rows = (grad.reshape(grad.shape[0], -1) != 0).any(1).nonzero()[:, 0] if grad.dim() else ...
        found = -grad[rows] if group["maximize"] else grad[rows]
        (beta1, beta2), step = group["betas"], state["step"]
        mean = state["exp_avg"][rows].lerp(found, 1 - beta1)
        square = state["exp_avg_sq"][rows].lerp(found * found, 1 - beta2)
        state["exp_avg"][rows] = mean
        state["exp_avg_sq"][rows] = square
        rate = float(group["lr"]) * sqrt(1 - beta2**step) / (1 - beta1**step)
        p[rows] = p[rows] - rate * mean / (square.sqrt() + group["eps"])
