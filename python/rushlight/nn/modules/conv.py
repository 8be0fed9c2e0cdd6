"""Convolutions over 1, 2 or 3 axes of space, and their transposes."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules._declare import declare_parameter
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.utils import _ntuple, _reverse_repeat_tuple

Tensor = _C.Tensor
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _check(in_channels, out_channels, groups, padding, stride, padding_mode) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups != 0:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups != 0:
        raise ValueError("out_channels must be divisible by groups")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}"
            )
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if padding_mode not in _PADDING_MODES:
        raise ValueError(
            f"padding_mode must be one of {set(_PADDING_MODES)}, but got "
            f"padding_mode='{padding_mode}'"
        )


class _ConvNd(Module):
    """What all convolutions have: their options, weight and bias."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        dilation,
        transposed,
        output_padding,
        groups,
        bias,
        padding_mode,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        _check(in_channels, out_channels, groups, padding, stride, padding_mode)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._pad_widths()
        declare_parameter(self, "weight", self._weight_shape(), device, dtype)
        declare_parameter(self, "bias", out_channels, device, dtype, exists=bias)
        self.reset_parameters()

    def _weight_shape(self) -> tuple:
        outer, inner = self.out_channels, self.in_channels
        if self.transposed:
            outer, inner = inner, outer
        return (outer, inner // self.groups, *self.kernel_size)

    def _pad_widths(self) -> list:
        """What pad() is told where padding is not zeros: both ends, the last axis first."""
        if not isinstance(self.padding, str):
            return list(_reverse_repeat_tuple(self.padding, 2))
        widths = []
        for dilation, kernel in reversed(list(zip(self.dilation, self.kernel_size, strict=True))):
            total = dilation * (kernel - 1) if self.padding == "same" else 0
            widths += [total // 2, total - total // 2]
        return widths

    def reset_parameters(self) -> None:
        """Draws weight and bias from U(-b, b), b = 1 / sqrt(in_channels / groups * kernel)."""
        init._layer_default_(self.weight, self.bias)

    def extra_repr(self) -> str:
        shown = [f"{self.in_channels}, {self.out_channels}"]
        shown += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * len(value):
                shown.append(f"{name}={value}")
        if self.groups != 1:
            shown.append(f"groups={self.groups}")
        if self.bias is None:
            shown.append("bias=False")
        if self.padding_mode != "zeros":
            shown.append(f"padding_mode={self.padding_mode}")
        return ", ".join(shown)


class _Conv(_ConvNd):
    """A convolution over `_axes` axes by `_function`."""

    _axes: int
    _function: str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride: int | tuple[int, ...] = 1,
        padding: int | str | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device=None,
        dtype=None,
    ) -> None:
        each = _ntuple(self._axes)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            padding if isinstance(padding, str) else each(padding),
            each(dilation),
            False,
            each(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            widths = self._reversed_padding_repeated_twice
            input = F.pad(input, widths, mode=self.padding_mode)
            padding = 0
        convolve = getattr(F, self._function)
        return convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """A convolution over sequences. x: [N, C, L] or [C, L]; weight: [out, in / groups, kernel].

    padding: a width, "same" or "valid"; padding_mode: "zeros", "reflect", "replicate", "circular".
    """

    _axes, _function = 1, "conv1d"


class Conv2d(_Conv):
    """A convolution over images. x: [N, C, H, W] or [C, H, W]; weight: [out, in / groups, h, w].

    padding: a width, "same" or "valid"; padding_mode: "zeros", "reflect", "replicate", "circular".
    """

    _axes, _function = 2, "conv2d"


class Conv3d(_Conv):
    """A convolution over volumes. x: [N, C, D, H, W] or [C, D, H, W].

    padding: a width, "same" or "valid"; padding_mode: "zeros", "reflect", "replicate", "circular".
    """

    _axes, _function = 3, "conv3d"


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution over `_axes` axes by `_function`."""

    _axes: int
    _function: str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride: int | tuple[int, ...] = 1,
        padding: int | str | tuple[int, ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        padding_mode: str = "zeros",
        device=None,
        dtype=None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}, got '
                f"{padding_mode!r}"
            )
        each = _ntuple(self._axes)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            each(padding),
            each(dilation),
            True,
            each(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        convolve = getattr(F, self._function)
        return convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input, output_size) -> tuple:
        """How many elements are added behind, so that the result has the size asked for."""
        if output_size is None:
            return self.output_padding
        axes = self._axes
        leading = input.dim() - axes
        sizes = list(output_size)
        if len(sizes) == leading + axes:
            sizes = sizes[leading:]
        if len(sizes) != axes:
            raise ValueError(
                f"{type(self).__name__}: for {input.dim()}D input, output_size must have {axes} "
                f"or {leading + axes} elements (got {len(sizes)})"
            )
        least = [
            (input.shape[leading + i] - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + 1
            for i in range(axes)
        ]
        most = [low + stride - 1 for low, stride in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for n, low, high in zip(sizes, least, most, strict=True)):
            raise ValueError(
                f"requested an output size of {list(output_size)}, but valid sizes range from "
                f"{least} to {most} (for an input of {list(input.shape[2:])})"
            )
        return tuple(n - low for n, low in zip(sizes, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The gradient of Conv1d as a layer: stride s makes sequences s times longer."""

    _axes, _function = 1, "conv_transpose1d"


class ConvTranspose2d(_ConvTransposeNd):
    """The gradient of Conv2d as a layer: stride s makes images s times larger.

    weight: [in, out / groups, h, w]; output_padding: rows and columns added at one end.
    """

    _axes, _function = 2, "conv_transpose2d"


class ConvTranspose3d(_ConvTransposeNd):
    """The gradient of Conv3d as a layer: stride s makes volumes s times larger."""

    _axes, _function = 3, "conv_transpose3d"
