"""Samples and losses that are put together from the library's functions."""

from __future__ import annotations

import warnings

from rushlight import _C

Tensor = _C.Tensor


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Samples from the Gumbel-softmax distribution: softmax((logits + noise) / tau).

    hard: one-hot samples, whose gradient is that of the soft ones.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -_C.torch.empty_like(logits).exponential_().log()
    soft = _C.torch.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = soft.argmax(dim, keepdim=True)
    one_hot = _C.torch.zeros_like(soft).scatter_(dim, chosen, 1.0)
    return one_hot - soft.detach() + soft


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function=None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), with a distance d of your own.

    swap: the negative counts with its distance to the positive where that is smaller.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    sizes = anchor.dim(), positive.dim(), negative.dim()
    if len(set(sizes)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            "dimensions, but got: anchor {}D, positive {}D, and negative {}D inputs".format(*sizes)
        )
    distance = distance_function or _C.nn.pairwise_distance
    to_positive, to_negative = distance(anchor, positive), distance(anchor, negative)
    if swap:
        to_negative = _C.torch.minimum(to_negative, distance(positive, negative))
    loss = _C.torch.clamp_min(margin + to_positive - to_negative, 0)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options=None,
) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target).

    input: [in_features] or [N, in_features]; linear_weight: [classes, ..., in_features], where
    what lies between are the further dimensions of the target. `options` change nothing.
    """
    if input.dim() not in (1, 2) or linear_weight.dim() < 2:
        raise _C.ShapeError(
            "linear_cross_entropy: wants input [in_features] or [N, in_features] and linear_weight "
            f"[classes, ..., in_features]; got {list(input.shape)} and {list(linear_weight.shape)}"
        )
    *classes, in_features = linear_weight.shape
    if input.dim() == 1 and len(classes) > 1:
        raise _C.ShapeError(
            f"linear_cross_entropy: linear_weight {list(linear_weight.shape)} needs a batch of "
            f"inputs, [N, {in_features}]; got {list(input.shape)}"
        )
    if linear_bias is not None and list(linear_bias.shape) != classes:
        raise _C.ShapeError(
            f"linear_cross_entropy: linear_bias must have shape {classes}; "
            f"got {list(linear_bias.shape)}"
        )
    shape = [*input.shape[:-1], *classes]
    if list(target.shape) == shape and ignore_index is not None:
        raise _C.Error("linear_cross_entropy: ignore_index is for targets of classes")
    flat_bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = _C.nn.linear(input, linear_weight.reshape(-1, in_features), flat_bias)
    return _C.nn.cross_entropy(
        logits.reshape(shape),
        target,
        weight=weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
