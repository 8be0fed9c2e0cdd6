"""Muon: steps whose directions are orthogonal matrices."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from rushlight import _C
from rushlight.optim._stepping import check_least, check_rate, evaluate, without_recording
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_EPS = 1e-7
_MOST_STEPS = 99


def _orthogonalized(direction: Tensor, group: dict[str, Any]) -> Tensor:
    """The matrix with all singular values near 1: Newton-Schulz steps on its wide form."""
    a, b, c = group["ns_coefficients"]
    addmm = _C.torch.addmm
    is_tall = direction.size(0) > direction.size(1)
    d = direction.bfloat16()
    if is_tall:
        d = d.t()
    d = d / d.norm().clamp(min=group["eps"])
    for _ in range(group["ns_steps"]):
        gram = d @ d.t()
        d = addmm(d, addmm(gram, gram, gram, beta=b, alpha=c), d, beta=a)
    return (d.t() if is_tall else d).to(direction.dtype)


def _rate(group: dict[str, Any], shape: Any) -> float:
    rows, columns = shape
    if group["adjust_lr_fn"] == "match_rms_adamw":
        return group["lr"] * 0.2 * sqrt(max(rows, columns))
    return group["lr"] * sqrt(max(1.0, rows / columns))


class Muon(Optimizer):
    """Momentum whose sums are made orthogonal before each step; for parameters that are matrices.

    `adjust_lr_fn` fits the rate to the shape: "original" for tall matrices, "match_rms_adamw" to
    steps as large as AdamW's. Give biases, norms and embeddings to another optimiser.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        weight_decay=0.1,
        momentum=0.95,
        nesterov=True,
        ns_coefficients=_COEFFICIENTS,
        eps=_EPS,
        ns_steps=5,
        adjust_lr_fn=None,
    ) -> None:
        check_rate(lr)
        check_least("momentum", momentum)
        check_least("weight decay", weight_decay)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Adjust learning rate function {adjust_lr_fn} is not supported: it is "
                "'original' or 'match_rms_adamw'"
            )
        if ns_steps > _MOST_STEPS:
            raise ValueError(f"Number of steps must be less than 100; got ns_steps={ns_steps}")
        if len(ns_coefficients) != 3:
            raise ValueError(
                f"Coefficients must be a tuple of exactly 3 values; got {ns_coefficients}"
            )
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{p.size()}"
                    )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes the parameters once; `closure` computes the loss anew and returns it."""
        loss = None if closure is None else evaluate(closure)
        with without_recording():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._update(p, p.grad, group)
        return loss

    def _update(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = _C.torch.zeros_like(grad)
        buffer, momentum, lr = state["momentum_buffer"], group["momentum"], float(group["lr"])
        buffer.lerp_(grad, 1 - momentum)
        direction = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        update = _orthogonalized(direction, group)
        p.mul_(1 - lr * group["weight_decay"])
        p.sub_(update * float(_rate(group, p.shape)))
