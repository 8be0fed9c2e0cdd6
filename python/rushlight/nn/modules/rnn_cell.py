"""One step of the recurrent layers."""

from __future__ import annotations

import math

from rushlight import _C
from rushlight.nn import init
from rushlight.nn.modules._declare import declare_parameter
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor


class RNNCellBase(Module):
    """What the cells share. Input: [B, input_size] or [input_size]; states in the same way."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        declare_parameter(self, "weight_ih", (rows, input_size), device, dtype)
        declare_parameter(self, "weight_hh", (rows, hidden_size), device, dtype)
        declare_parameter(self, "bias_ih", rows, device, dtype, exists=bias)
        declare_parameter(self, "bias_hh", rows, device, dtype, exists=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters from U(-b, b), b = 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        if not self.bias:
            shown.append("bias=False")
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            shown.append(f"nonlinearity={self.nonlinearity}")
        return ", ".join(shown)

    def _check(self, what: str, value: Tensor) -> None:
        if value.dim() not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected {what} to be 1D or 2D, got {value.dim()}D instead"
            )

    def _step(self, function, input: Tensor, hx: Tensor | None) -> Tensor:
        """One step of a cell with one state."""
        self._check("input", input)
        if hx is not None:
            self._check("hidden", hx)
        has_batch = input.dim() == 2
        x = input if has_batch else input.unsqueeze(0)
        if hx is None:
            hx = self._zeros(x)
        elif not has_batch:
            hx = hx.unsqueeze(0)
        output = function(x, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return output if has_batch else output.squeeze(0)

    def _zeros(self, x: Tensor) -> Tensor:
        return _C.torch.zeros(x.shape[0], self.hidden_size, dtype=x.dtype, device=x.device)


class RNNCell(RNNCellBase):
    """h = tanh(W x + b + U h + c), or relu."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(getattr(_C.torch, f"rnn_{self.nonlinearity}_cell"), input, hx)


class GRUCell(RNNCellBase):
    """One step of a GRU."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device=None, dtype=None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(_C.torch.gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM; its states are a pair (h, c)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device=None, dtype=None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        self._check("input", input)
        for i, state in enumerate(hx or ()):
            self._check(f"hx[{i}]", state)
        has_batch = input.dim() == 2
        x = input if has_batch else input.unsqueeze(0)
        if hx is None:
            hx = (self._zeros(x),) * 2
        elif not has_batch:
            hx = tuple(state.unsqueeze(0) for state in hx)
        states = _C.torch.lstm_cell(
            x, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return states if has_batch else tuple(state.squeeze(0) for state in states)
