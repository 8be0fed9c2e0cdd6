"""Images as columns of the blocks a convolution sees, and back."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules._declare import options
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor


class Unfold(Module):
    """The blocks a convolution sees, as columns: [N, C, H, W] -> [N, C * kernel, blocks]."""

    def __init__(
        self,
        kernel_size,
        dilation: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        stride: int | tuple[int, ...] = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return options(self, "kernel_size", "dilation", "padding", "stride")


class Fold(Module):
    """Adds columns back to where Unfold took them: [N, C * kernel, blocks] -> [N, C, H, W]."""

    def __init__(
        self,
        output_size,
        kernel_size,
        dilation: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        stride: int | tuple[int, ...] = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return options(self, "output_size", "kernel_size", "dilation", "padding", "stride")
