"""Averages of a model over its training, and the rate schedule that goes with them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import rushlight
from rushlight import _C, nn
from rushlight.optim._stepping import without_recording
from rushlight.optim.lr_scheduler.base import LRScheduler, one_per_group
from rushlight.optim.optimizer import Optimizer

Tensor = _C.Tensor


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable:
    """A function for `multi_avg_fn`: averages that keep `decay` of themselves at each update."""
    _check_decay(decay)

    def ema_update(averages: list[Tensor], current: list[Tensor], num_averaged: Any) -> None:
        with without_recording():
            for average, value in zip(averages, current, strict=True):
                if average.is_floating_point():
                    average.lerp_(value, 1 - decay)
                else:
                    average.copy_(average * decay + value * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable:
    """A function for `multi_avg_fn`: the mean of all values so far."""

    def swa_update(averages: list[Tensor], current: list[Tensor], num_averaged: Any) -> None:
        count = float(num_averaged) + 1
        with without_recording():
            for average, value in zip(averages, current, strict=True):
                if average.is_floating_point():
                    average.lerp_(value, 1 / count)
                else:
                    average.copy_(average + (value - average) / count)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable:
    """A function for `avg_fn`: an average that keeps `decay` of itself at each update."""
    _check_decay(decay)

    def ema_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        with without_recording():
            return decay * average + (1 - decay) * current

    return ema_update


def get_swa_avg_fn() -> Callable:
    """A function for `avg_fn`: the mean of all values so far."""

    def swa_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        with without_recording():
            return average + (current - average) / (num_averaged + 1)

    return swa_update


class AveragedModel(nn.Module):
    """A copy of a model whose parameters are averages of the model's at each `update_parameters`.

    The average is the plain mean unless `avg_fn(average, current, count)`, for one tensor, or
    `multi_avg_fn`, for lists, tells otherwise. `use_buffers` averages the buffers as well; else
    they are the model's.
    """

    def __init__(
        self,
        model: nn.Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
        multi_avg_fn: Callable[[list, list, Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", _C.torch.tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def _tensors_of(self, model: nn.Module) -> list[Tensor]:
        buffers = model.buffers() if self.use_buffers else ()
        return [tensor.detach() for tensor in itertools.chain(model.parameters(), buffers)]

    def update_parameters(self, model: nn.Module) -> None:
        """Takes the model's present parameters into the average; the first time they are it."""
        averages, current = self._tensors_of(self.module), self._tensors_of(model)
        if self.n_averaged.item() == 0:
            for average, value in zip(averages, current, strict=True):
                average.copy_(value)
        elif self.avg_fn is not None:
            for average, value in zip(averages, current, strict=True):
                average.copy_(self.avg_fn(average, value, self.n_averaged))
        else:
            self._update_lists(averages, current)
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach())
        self.n_averaged += 1

    def _update_lists(self, averages: list[Tensor], current: list[Tensor]) -> None:
        """Updates by lists of one dtype each, as functions for lists expect them."""
        lists: dict[Any, tuple[list, list]] = {}
        for average, value in zip(averages, current, strict=True):
            some = lists.setdefault(average.dtype, ([], []))
            some[0].append(average)
            some[1].append(value)
        update = self.multi_avg_fn or get_swa_multi_avg_fn()
        for some in lists.values():
            update(*some, self.n_averaged)


def update_bn(loader: Iterable, model: nn.Module, device: Any = None) -> None:
    """Computes the statistics of batch norms anew, as means over the batches of `loader`.

    A batch that is a list or tuple has the model's input first.
    """
    kinds = rushlight.nn.modules.batchnorm._BatchNorm
    norms = [module for module in model.modules() if isinstance(module, kinds)]
    if not norms:
        return
    was_training = model.training
    momenta = [norm.momentum for norm in norms]
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with without_recording():
        for batch in loader:
            values = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(values if device is None else values.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Goes from the present rate to `swa_lr` in `anneal_epochs` epochs, then stays there."""

    _not_saved = ("optimizer", "anneal_func")

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = one_per_group("swa_lr", optimizer, swa_lr)
        for group, lr in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How much of the way is gone after so many steps."""
        place = max(0, min(1, step / max(1, self.anneal_epochs)))
        if self._anneal_strategy == "linear":
            return place
        return (1 - math.cos(math.pi * place)) / 2

    def get_lr(self):
        self._warn_if_called_directly()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
