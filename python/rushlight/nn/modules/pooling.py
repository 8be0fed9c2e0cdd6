"""Pooling: the largest or mean value of windows over 1, 2 or 3 axes of space."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules._declare import options
from rushlight.nn.modules.adaptive_pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from rushlight.nn.modules.adaptive_pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from rushlight.nn.modules.adaptive_pooling import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from rushlight.nn.modules.adaptive_pooling import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from rushlight.nn.modules.adaptive_pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from rushlight.nn.modules.adaptive_pooling import AdaptiveMaxPool3d as AdaptiveMaxPool3d
from rushlight.nn.modules.adaptive_pooling import FractionalMaxPool2d as FractionalMaxPool2d
from rushlight.nn.modules.adaptive_pooling import FractionalMaxPool3d as FractionalMaxPool3d
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.utils import _ntuple

Tensor = _C.Tensor


class _MaxPoolNd(Module):
    _function: str

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor):
        return getattr(F, self._function)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return options(self, "kernel_size", "stride", "padding", "dilation", "ceil_mode")


class _MaxUnpoolNd(Module):
    _axes: int

    def __init__(self, kernel_size, stride=None, padding: int | tuple[int, ...] = 0) -> None:
        super().__init__()
        each = _ntuple(self._axes)
        self.kernel_size = each(kernel_size)
        self.stride = each(kernel_size if stride is None else stride)
        self.padding = each(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size=None) -> Tensor:
        unpool = getattr(F, f"max_unpool{self._axes}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return options(self, "kernel_size", "stride", "padding")


class AvgPool1d(Module):
    """The mean of each window. x: [N, C, L] or [C, L]."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding: int | tuple[int, ...] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        each = _ntuple(1)
        self.kernel_size = each(kernel_size)
        self.stride = each(kernel_size if stride is None else stride)
        self.padding = each(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        return options(self, "kernel_size", "stride", "padding")


class _AvgPoolNd(Module):
    _function: str

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding: int | tuple[int, ...] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self._function)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return options(self, "kernel_size", "stride", "padding")


class _LPPoolNd(Module):
    _function: str

    def __init__(self, norm_type: float, kernel_size, stride=None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        pool = getattr(F, self._function)
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return options(self, "norm_type", "kernel_size", "stride", "ceil_mode")


class MaxPool1d(_MaxPoolNd):
    """The largest value of each window. x: [N, C, L] or [C, L]."""

    _function = "max_pool1d"


class MaxPool2d(_MaxPoolNd):
    """The largest value of each window. x: [N, C, H, W] or [C, H, W]."""

    _function = "max_pool2d"


class MaxPool3d(_MaxPoolNd):
    """The largest value of each window. x: [N, C, D, H, W] or [C, D, H, W]."""

    _function = "max_pool3d"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts values back where MaxPool1d with return_indices found them; zeros elsewhere."""

    _axes = 1


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts values back where MaxPool2d with return_indices found them; zeros elsewhere."""

    _axes = 2


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts values back where MaxPool3d with return_indices found them; zeros elsewhere."""

    _axes = 3


class AvgPool2d(_AvgPoolNd):
    """The mean of each window. x: [N, C, H, W] or [C, H, W]."""

    _function = "avg_pool2d"


class AvgPool3d(_AvgPoolNd):
    """The mean of each window. x: [N, C, D, H, W] or [C, D, H, W]."""

    _function = "avg_pool3d"


class LPPool1d(_LPPoolNd):
    """(sum of x^p over each window)^(1/p). x: [N, C, L] or [C, L]."""

    _function = "lp_pool1d"


class LPPool2d(_LPPoolNd):
    """(sum of x^p over each window)^(1/p). x: [N, C, H, W] or [C, H, W]."""

    _function = "lp_pool2d"


class LPPool3d(_LPPoolNd):
    """(sum of x^p over each window)^(1/p). x: [N, C, D, H, W] or [C, D, H, W]."""

    _function = "lp_pool3d"
