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
