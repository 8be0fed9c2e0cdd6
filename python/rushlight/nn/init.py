"""Initialisers: they overwrite a tensor in place, outside of any gradient, and return it.

They draw what PyTorch draws in the same order, so that a seed gives the same weights.
"""

from __future__ import annotations

import functools
import math
import warnings
from contextlib import contextmanager

import rushlight
from rushlight import _C

Tensor = _C.Tensor
_LINEAR = ("linear", "sigmoid", *(f"conv{n}d" for n in (1, 2, 3)))
_LINEAR += tuple(f"conv_transpose{n}d" for n in (1, 2, 3))


_is_skipping = False


@contextmanager
def skipped():
    """Within this block initialisers do nothing: for layers whose values come from elsewhere."""
    global _is_skipping
    before, _is_skipping = _is_skipping, True
    try:
        yield
    finally:
        _is_skipping = before


def _without_grad(initialiser):
    @functools.wraps(initialiser)
    def run(tensor, *args, **kwargs):
        if _is_skipping:
            return tensor
        with rushlight.no_grad():
            return initialiser(tensor, *args, **kwargs)

    return run


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much wider weights are drawn so that values keep their variance behind a nonlinearity.

    `param`: the negative slope of leaky_relu, 0.01 if not given.
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Of a weight [out, in, kernel...]: how many values make one output, and the reverse."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    outputs, inputs, *kernel = tensor.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


@_without_grad
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator=None) -> Tensor:
    """Draws from the uniform distribution over [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@_without_grad
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator=None) -> Tensor:
    """Draws from the normal distribution."""
    return tensor.normal_(mean, std, generator=generator)


@_without_grad
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills with `val`."""
    return tensor.fill_(val)


@_without_grad
def ones_(tensor: Tensor) -> Tensor:
    """Fills with ones."""
    return tensor.fill_(1.0)


@_without_grad
def zeros_(tensor: Tensor) -> Tensor:
    """Fills with zeros."""
    return tensor.zero_()


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


@_without_grad
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator=None,
) -> Tensor:
    """Draws from the normal distribution cut off at a and b: values outside are drawn again."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=3,
        )
    share_inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    # Below this share, so many normal values miss [a, b] that accepting uniform ones is faster.
    if share_inside > 0.3:
        return _redraw_normals(tensor, mean, std, a, b, generator)
    return _accept_uniforms(tensor, mean, std, a, b, generator)


def _redraw_normals(tensor, mean, std, a, b, generator):
    low, high = (_C.torch.full((), bound, dtype=tensor.dtype).item() for bound in (a, b))
    values = tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (values < low) | (values > high)
        if not outside.any():
            break
        redrawn = _C.torch.empty_like(values).normal_(mean, std, generator=generator)
        values = _C.torch.where(outside, redrawn, values)
    return tensor if values is tensor else tensor.copy_(values)


def _accept_uniforms(tensor, mean, std, a, b, generator):
    """Rejection sampling: x from [a, b) stays with probability density(x) / highest density."""
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def refused():
        log_share = candidates.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return _C.torch.empty_like(tensor).uniform_(generator=generator).log_().gt(log_share)

    values = candidates = _C.torch.empty_like(tensor).uniform_(a, b, generator=generator)
    pending = refused()
    while pending.any():
        candidates = _C.torch.empty_like(tensor).uniform_(a, b, generator=generator)
        values = _C.torch.where(pending, candidates, values)
        pending = pending & refused()
    return tensor.copy_(values)


@_without_grad
def eye_(tensor: Tensor) -> Tensor:
    """Fills a matrix with ones on the diagonal, zeros elsewhere."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return tensor.copy_(_C.torch.eye(*tensor.shape, dtype=tensor.dtype))


@_without_grad
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Makes the weight of a convolution [out, in / groups, kernel...] pass channels unchanged."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    tensor.zero_()
    centre = tuple(size // 2 for size in kernel)
    for group in range(groups):
        for channel in range(min(outputs // groups, inputs)):
            tensor[(group * (outputs // groups) + channel, channel, *centre)] = 1
    return tensor


def _xavier_std(tensor, gain) -> float:
    return gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator=None) -> Tensor:
    """Uniform, with variance gain^2 * 2 / (fan_in + fan_out). Glorot and Bengio, 2010."""
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator=None) -> Tensor:
    """Normal, with variance gain^2 * 2 / (fan_in + fan_out). Glorot and Bengio, 2010."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _kaiming_std(tensor, a, mode, nonlinearity) -> float | None:
    """The deviation; None, with a warning, where there is nothing to fill."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:
    """Uniform, with variance gain^2 / fan. He and others, 2015. `a`: slope of leaky_relu."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:
    """Normal, with variance gain^2 / fan. He and others, 2015. `a`: slope of leaky_relu."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


@_without_grad
def orthogonal_(tensor: Tensor, gain: float = 1, generator=None) -> Tensor:
    """Rows (or columns, if fewer) at right angles, of length `gain`; [M, ...] is [M, rest]."""
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.size(0)
    columns = tensor.numel() // rows
    start = _C.torch.empty(rows, columns, dtype=tensor.dtype, device=tensor.device)
    start.normal_(0, 1, generator=generator)
    is_wide = rows < columns
    q, r = _C.linalg.qr(start.t() if is_wide else start)
    q = q * _C.torch.diag(r).sign()  # makes the result unique, and its distribution uniform
    return tensor.copy_((q.t() if is_wide else q).reshape(tensor.shape)).mul_(gain)


@_without_grad
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator=None) -> Tensor:
    """Normal, of which a share `sparsity` of every column, drawn anew for each, is zero."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        tensor[_C.torch.randperm(rows)[:zeros], column] = 0
    return tensor


def _layer_default_(weight: Tensor, bias: Tensor | None) -> None:
    """What linear and convolution layers start with: both from U(-b, b), b = 1 / sqrt(fan_in)."""
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = _calculate_fan_in_and_fan_out(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        uniform_(bias, -bound, bound)


def _older_name(initialiser):
    old, new = initialiser.__name__[:-1], initialiser.__name__

    def run(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.",
            FutureWarning,
            stacklevel=2,
        )
        return initialiser(*args, **kwargs)

    run.__name__, run.__doc__ = old, f"The older name of {new}()."
    return run


uniform = _older_name(uniform_)
normal = _older_name(normal_)
constant = _older_name(constant_)
eye = _older_name(eye_)
dirac = _older_name(dirac_)
xavier_uniform = _older_name(xavier_uniform_)
xavier_normal = _older_name(xavier_normal_)
kaiming_uniform = _older_name(kaiming_uniform_)
kaiming_normal = _older_name(kaiming_normal_)
orthogonal = _older_name(orthogonal_)
sparse = _older_name(sparse_)
