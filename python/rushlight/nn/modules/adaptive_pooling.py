"""Pooling by the size of the result: windows are chosen, or drawn, to fit."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules._declare import options
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.utils import _ntuple

Tensor = _C.Tensor


class _AdaptiveMaxPoolNd(Module):
    _function: str

    def __init__(self, output_size, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor):
        return getattr(F, self._function)(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return options(self, "output_size")


class _AdaptiveAvgPoolNd(Module):
    _function: str

    def __init__(self, output_size) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self._function)(input, self.output_size)

    def extra_repr(self) -> str:
        return options(self, "output_size")


class _FractionalMaxPool(Module):
    _axes: int

    def __init__(
        self,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices: bool = False,
        _random_samples=None,
    ) -> None:
        super().__init__()
        name, each = type(self).__name__, _ntuple(self._axes)
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
                if output_size is None
                else "only one of output_size and output_ratio may be specified"
            )
        self.kernel_size = each(kernel_size)
        if any(size <= 0 for size in self.kernel_size):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio = None if output_ratio is None else each(output_ratio)
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor):
        return getattr(F, f"fractional_max_pool{self._axes}d")(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest value of windows chosen so that the result has the given size."""

    _function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest value of windows chosen so that the result has the given size."""

    _function = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest value of windows chosen so that the result has the given size."""

    _function = "adaptive_max_pool3d"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The mean value of windows chosen so that the result has the given size."""

    _function = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The mean value of windows chosen so that the result has the given size."""

    _function = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The mean value of windows chosen so that the result has the given size."""

    _function = "adaptive_avg_pool3d"


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest values of windows whose places are drawn at random, over images."""

    _axes = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest values of windows whose places are drawn at random, over volumes."""

    _axes = 3
