"""Layers that pad the last axes. padding: one width, or a pair an axis, the last axis first."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.utils import _ntuple

Tensor = _C.Tensor


class _Pad(Module):
    """Pads `_axes` axes, in the way `_mode`."""

    _axes: int
    _mode: str

    def __init__(self, padding) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self._axes)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        rank = self._axes + 1
        if input.dim() not in (rank, rank + 1):
            raise ValueError(f"expected {rank}D or {rank + 1}D input (got {input.dim()}D input)")
        return super().forward(input)


class _ConstantPad(_Pad):
    _mode = "constant"

    def __init__(self, padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ReflectionPad(_Pad):
    _mode = "reflect"


class _ReplicationPad(_Pad):
    _mode = "replicate"


class CircularPad1d(_CircularPad):
    """Continues sequences from the other end."""

    _axes = 1


class CircularPad2d(_CircularPad):
    """Continues images from the other end."""

    _axes = 2


class CircularPad3d(_CircularPad):
    """Continues volumes from the other end."""

    _axes = 3


class ConstantPad1d(_ConstantPad):
    """Surrounds sequences with one value."""

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """Surrounds images with one value."""

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """Surrounds volumes with one value."""

    _axes = 3


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """Surrounds sequences with zeros."""

    _axes = 1


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """Surrounds images with zeros."""

    _axes = 2


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """Surrounds volumes with zeros."""

    _axes = 3


class ReflectionPad1d(_ReflectionPad):
    """Mirrors sequences at the ends, which are not repeated."""

    _axes = 1


class ReflectionPad2d(_ReflectionPad):
    """Mirrors images at the ends, which are not repeated."""

    _axes = 2


class ReflectionPad3d(_ReflectionPad):
    """Mirrors volumes at the ends, which are not repeated."""

    _axes = 3


class ReplicationPad1d(_ReplicationPad):
    """Repeats the ends of sequences."""

    _axes = 1


class ReplicationPad2d(_ReplicationPad):
    """Repeats the ends of images."""

    _axes = 2


class ReplicationPad3d(_ReplicationPad):
    """Repeats the ends of volumes."""

    _axes = 3
