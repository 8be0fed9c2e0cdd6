"""L-BFGS: steps along an approximate Newton direction, from the last changes of the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushlight import _C
from rushlight.optim._line_search import Point, strong_wolfe
from rushlight.optim._stepping import check_rate, evaluate, without_recording
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor
_LEAST_CURVATURE = 1e-10


def _largest(x: Tensor) -> float:
    return x.abs().max().item()


class LBFGS(Optimizer):
    """Evaluates the loss several times a step, through the closure that `step` takes.

    `max_iter` moves a step, `max_eval` evaluations; it ends early when the largest gradient or the
    largest change is below its tolerance. `line_search_fn="strong_wolfe"` chooses each length.
    All parameters are in one group.
    """

    def __init__(
        self,
        params,
        lr: float = 1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ) -> None:
        check_rate(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(
                "LBFGS doesn't support per-parameter options (parameter groups); got "
                f"{len(self.param_groups)} groups"
            )

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def _flat_gradient(self) -> Tensor:
        parts = (_C.torch.zeros_like(p) if p.grad is None else p.grad for p in self._params)
        return _C.torch.cat([part.detach().reshape(-1) for part in parts])

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, Point]:
        """The loss as the closure gives it, and the point where the parameters are."""
        loss = evaluate(closure)
        return loss, Point(0.0, float(loss), 0.0, self._flat_gradient())

    def _move(self, length: float, direction: Tensor) -> None:
        start = 0
        for p in self._params:
            part = direction[start : start + p.numel()]
            p.add_(part.reshape(p.shape), alpha=length)
            start += p.numel()

    def step(self, closure: Callable[[], Any]) -> Any:
        """Moves the parameters up to `max_iter` times; returns the loss before the first move."""
        with without_recording():
            return _Step(self, closure).run()


class _Step:
    """One step: its moves, and what they add to the state, which the first parameter holds."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.optimizer = optimizer
        self.closure = closure
        self.group = optimizer.param_groups[0]
        if self.group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"only 'strong_wolfe' is supported; got {self.group['line_search_fn']!r}"
            )
        self.state = optimizer.state[optimizer._params[0]]
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)
        self.evaluations = 0

    def evaluate(self) -> tuple[Any, Point]:
        self.evaluations += 1
        self.state["func_evals"] += 1
        return self.optimizer._evaluate(self.closure)

    def run(self) -> Any:
        loss, now = self.evaluate()
        if _largest(now.gradient) <= self.group["tolerance_grad"]:
            return loss
        most = self.group["max_iter"]
        for number in range(1, most + 1):
            before = now
            slope = self._choose(now)
            if slope > -self.group["tolerance_change"]:
                break
            now = self._follow(now, slope, is_last=number == most)
            if number == most or self._is_done(before, now):
                break
        return loss

    def _choose(self, now: Point) -> float:
        """Chooses the next direction and length; the slope of the loss along it."""
        state, gradient, lr = self.state, now.gradient, float(self.group["lr"])
        state["n_iter"] += 1
        if state["n_iter"] == 1:
            state.update(d=gradient.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            state["t"] = min(1.0, 1.0 / gradient.abs().sum().item()) * lr
        else:
            self._remember(gradient)
            state["d"] = self._direction(gradient)
            state["t"] = lr
        state["prev_flat_grad"] = gradient
        state["prev_loss"] = now.loss
        return gradient.dot(state["d"]).item()

    def _remember(self, gradient: Tensor) -> None:
        """Takes in how the gradient changed over the last move, if it turned the right way."""
        state = self.state
        change = gradient - state["prev_flat_grad"]
        move = state["d"] * float(state["t"])
        product = change.dot(move)
        if not product.item() > _LEAST_CURVATURE:
            return
        if len(state["old_dirs"]) == self.group["history_size"]:
            for name in ("old_dirs", "old_stps", "ro"):
                state[name].pop(0)
        state["old_dirs"].append(change)
        state["old_stps"].append(move)
        state["ro"].append(1.0 / product)
        state["H_diag"] = product / change.dot(change)

    def _direction(self, gradient: Tensor) -> Tensor:
        """The approximate inverse Hessian times the gradient, downward."""
        state = self.state
        changes, moves, weights = state["old_dirs"], state["old_stps"], state["ro"]
        factors = state.setdefault("al", [None] * self.group["history_size"])
        d = gradient.neg()
        for i in reversed(range(len(moves))):
            factors[i] = moves[i].dot(d) * weights[i]
            d = d - changes[i] * factors[i]
        d = d * state["H_diag"]
        for change, move, weight, factor in zip(changes, moves, weights, factors):
            d = d + move * (factor - change.dot(d) * weight)
        return d

    def _follow(self, now: Point, slope: float, is_last: bool) -> Point:
        """Moves along the direction; the point reached, as far as it is known."""
        optimizer, state = self.optimizer, self.state
        if self.group["line_search_fn"] is not None:
            now = self._search(now, slope)
            state["t"] = now.at
            optimizer._move(now.at, state["d"])
            return now
        optimizer._move(state["t"], state["d"])
        return now if is_last else self.evaluate()[1]

    def _search(self, now: Point, slope: float) -> Point:
        direction = self.state["d"]
        start = [p.clone() for p in self.optimizer._params]

        def at(length: float) -> Point:
            self.optimizer._move(length, direction)
            _, here = self.evaluate()
            for p, value in zip(self.optimizer._params, start):
                p.copy_(value)
            return Point(length, here.loss, here.gradient.dot(direction).item(), here.gradient)

        most = self.group["max_eval"] - self.evaluations
        first = Point(0.0, now.loss, slope, now.gradient)
        return strong_wolfe(at, first, float(self.state["t"]), _largest(direction), most)

    def _is_done(self, before: Point, now: Point) -> bool:
        group, state = self.group, self.state
        least = group["tolerance_change"]
        return (
            self.evaluations >= group["max_eval"]
            or _largest(now.gradient) <= group["tolerance_grad"]
            or _largest(state["d"]) * abs(float(state["t"])) <= least
            or abs(now.loss - before.loss) < least
        )
