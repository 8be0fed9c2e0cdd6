# Written by tools/make_stubs.py.
# mypy: disable-error-code="overload-overlap,overload-cannot-match,override"
from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Sequence
from typing import Any

from rushlight._C import Tensor

def adadelta_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    square_avgs: Sequence[Tensor],
    acc_deltas: Sequence[Tensor],
    *,
    lr: _float = 1,
    rho: _float = 0.9,
    eps: _float = 1e-06,
    weight_decay: _float = 0,
    maximize: _bool = False,
) -> None: ...
def adagrad_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    state_sums: Sequence[Tensor],
    *,
    lr: _float = 0.01,
    lr_decay: _float = 0,
    weight_decay: _float = 0,
    eps: _float = 1e-10,
    step: _int = 1,
    maximize: _bool = False,
) -> None: ...
def adam_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    max_exp_avg_sqs: Sequence[Tensor],
    *,
    lr: _float = 0.001,
    beta1: _float = 0.9,
    beta2: _float = 0.999,
    eps: _float = 1e-08,
    weight_decay: _float = 0,
    step: _int = 1,
    decoupled: _bool = False,
    amsgrad: _bool = False,
    maximize: _bool = False,
    eps_in_root: _bool = False,
) -> None: ...
def adamax_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_infs: Sequence[Tensor],
    *,
    step_size: _float = 0.002,
    beta1: _float = 0.9,
    beta2: _float = 0.999,
    eps: _float = 1e-08,
    weight_decay: _float = 0,
    maximize: _bool = False,
) -> None: ...
def asgd_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    averages: Sequence[Tensor],
    *,
    eta: _float = 0.01,
    lambd: _float = 0.0001,
    mu: _float = 1,
    weight_decay: _float = 0,
    maximize: _bool = False,
) -> None: ...
def nadam_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    *,
    mean_size: _float = 0,
    gradient_size: _float = 0,
    beta1: _float = 0.9,
    beta2: _float = 0.999,
    eps: _float = 1e-08,
    correction: _float = 1,
    weight_decay: _float = 0,
    shrink: _float = 0,
    maximize: _bool = False,
) -> None: ...
def radam_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    exp_avgs: Sequence[Tensor],
    exp_avg_sqs: Sequence[Tensor],
    *,
    step_size: _float = 0,
    beta1: _float = 0.9,
    beta2: _float = 0.999,
    eps: _float = 1e-08,
    weight_decay: _float = 0,
    shrink: _float = 0,
    is_adaptive: _bool = False,
    maximize: _bool = False,
) -> None: ...
def rmsprop_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    square_avgs: Sequence[Tensor],
    momentum_buffers: Sequence[Tensor],
    grad_avgs: Sequence[Tensor],
    *,
    lr: _float = 0.01,
    alpha: _float = 0.99,
    eps: _float = 1e-08,
    weight_decay: _float = 0,
    momentum: _float = 0,
    centered: _bool = False,
    maximize: _bool = False,
    eps_in_root: _bool = False,
    lr_in_momentum: _bool = False,
) -> None: ...
def rprop_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    prevs: Sequence[Tensor],
    step_sizes: Sequence[Tensor],
    *,
    eta_minus: _float = 0.5,
    eta_plus: _float = 1.2,
    step_min: _float = 1e-06,
    step_max: _float = 50,
    maximize: _bool = False,
) -> None: ...
def scale_list(tensors: Sequence[Tensor], factor: _float) -> None: ...
def sgd_step(
    params: Sequence[Tensor],
    grads: Sequence[Tensor],
    momentum_buffers: Sequence[Tensor],
    *,
    lr: _float = 0.001,
    momentum: _float = 0,
    dampening: _float = 0,
    weight_decay: _float = 0,
    nesterov: _bool = False,
    maximize: _bool = False,
    first_step: _bool = False,
    lr_in_momentum: _bool = False,
) -> None: ...
def total_norm(tensors: Sequence[Tensor], p: _float = 2, *, out: Any = None) -> Tensor: ...
