"""Channels of several groups in turn."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules._declare import options
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor


class ChannelShuffle(Module):
    """Takes channels from each of the groups in turn. x: [N, C, ...]."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return options(self, "groups")
