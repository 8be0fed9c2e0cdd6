"""Layers that join axes into one, or part one into several."""

from __future__ import annotations

from rushlight import _C
from rushlight.nn.modules._declare import options
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor


class Flatten(Module):
    """Joins the axes start_dim to end_dim: [N, C, H, W] -> [N, C * H * W]."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return options(self, "start_dim", "end_dim")


class Unflatten(Module):
    """Parts an axis into several, of the sizes given; one may be -1."""

    def __init__(self, dim: int, unflattened_size) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                "unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {place}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return options(self, "dim", "unflattened_size")
