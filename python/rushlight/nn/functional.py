"""torch.nn.functional: what layers compute, as functions.

Nearly all of them are the library's own; a few are put together here.
"""

from __future__ import annotations

from rushlight._C import nn as _nn
from rushlight._C.nn import *  # noqa: F403
from rushlight.nn._functional.attention import multi_head_attention_forward
from rushlight.nn._functional.compositions import (
    gumbel_softmax,
    linear_cross_entropy,
    triplet_margin_with_distance_loss,
)

__all__ = [
    "gumbel_softmax",
    "linear_cross_entropy",
    "multi_head_attention_forward",
    "triplet_margin_with_distance_loss",
]

__all__ += [name for name in vars(_nn) if not name.startswith("_")]
