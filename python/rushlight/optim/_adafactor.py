"""Adafactor: mean squares of gradients kept as a row and a column."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import rushlight
from rushlight import _C
from rushlight.optim._stepping import check_rate, counter, evaluate, without_recording
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor


class Adafactor(Optimizer):
    """Adam without momentum, whose mean squares of a matrix are a product of row and column means.

    The rate is relative to the size of the parameters, at least `eps[1]`; `beta2_decay` is the
    power by which the means slow down; steps larger than `d` are shortened.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        beta2_decay=-0.8,
        eps=(None, 1e-3),
        d=1.0,
        weight_decay=0.0,
        *,
        foreach=None,
        maximize=False,
    ) -> None:
        check_rate(lr)
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("foreach", None)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes the parameters once; `closure` computes the loss anew and returns it."""
        loss = None if closure is None else evaluate(closure)
        with without_recording():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        grad = -p.grad if group["maximize"] else p.grad
                        self._update(p, grad, group, self._state_of(p, grad))
        return loss

    def _state_of(self, p: Tensor, grad: Tensor) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = counter(0.0)
            if grad.dim() > 1:
                *outer, rows, columns = grad.shape
                state["row_var"] = grad.new_zeros((*outer, rows, 1))
                state["col_var"] = grad.new_zeros((*outer, 1, columns))
            else:
                state["variance"] = _C.torch.zeros_like(grad)
        return state

    def _update(self, p: Tensor, grad: Tensor, group: dict[str, Any], state: dict) -> None:
        lr, (eps, least_size) = float(group["lr"]), group["eps"]
        if eps is None:
            eps = rushlight.finfo(p.dtype).eps
        state["step"] += 1
        step = state["step"].item()
        size = max(least_size, p.norm(2).item() / sqrt(p.numel())) * min(lr, 1 / sqrt(step))
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        variance = _mean_squares(state, grad, step ** group["beta2_decay"], eps)
        update = variance.clamp(min=eps * eps).rsqrt() * grad
        excess = update.norm(2).item() / (sqrt(update.numel()) * group["d"])
        p.sub_(update * (size / max(1.0, excess)))


def _mean_squares(state: dict[str, Any], grad: Tensor, share: float, eps: float) -> Tensor:
    """Takes a gradient's squares into the running means; the mean square of each element."""
    square = grad * grad
    if grad.dim() <= 1:
        return state["variance"].lerp_(square, share)
    row, column = state["row_var"], state["col_var"]
    row.lerp_(square.mean(dim=-1, keepdim=True), share)
    column.lerp_(square.mean(dim=-2, keepdim=True), share)
    return row @ column / row.mean(dim=-2, keepdim=True).clamp(min=eps)
