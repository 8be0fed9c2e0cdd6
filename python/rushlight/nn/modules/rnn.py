"""Recurrent layers over sequences: RNN, LSTM and GRU."""

from __future__ import annotations

import math
import warnings

from rushlight import _C
from rushlight.nn import init
from rushlight.nn.modules._declare import declare_parameter
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.rnn_cell import GRUCell as GRUCell
from rushlight.nn.modules.rnn_cell import LSTMCell as LSTMCell
from rushlight.nn.modules.rnn_cell import RNNCell as RNNCell
from rushlight.nn.modules.rnn_cell import RNNCellBase as RNNCellBase
from rushlight.nn.utils.rnn import PackedSequence

Tensor = _C.Tensor
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class RNNBase(Module):
    """What RNN, LSTM and GRU share.

    Input: [T, B, in]; with batch_first [B, T, in]; [T, in] without a batch; or a PackedSequence.
    States: [num_layers * directions, B, hidden], zeros where none are given.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_options()
        self.dropout = float(dropout)
        self._all_weights = []
        directions = 2 if bidirectional else 1
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else (proj_size or hidden_size) * directions
            for end in ("", "_reverse")[:directions]:
                self._declare_layer(f"_l{layer}{end}", inputs, device, dtype)
        self._flat_weights_names = [name for names in self._all_weights for name in names]
        self.reset_parameters()

    def _check_options(self) -> None:
        for name, kind in (
            ("bias", bool),
            ("batch_first", bool),
            ("input_size", int),
            ("hidden_size", int),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(
                    f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
                )
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        dropout = self.dropout
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=4,
            )
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    def _declare_layer(self, end: str, inputs: int, device, dtype) -> None:
        """The parameters of one layer and direction, named as in weight_ih_l0_reverse."""
        rows = _GATES[self.mode] * self.hidden_size
        shapes = {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, self.proj_size or self.hidden_size),
        }
        if self.bias:
            shapes["bias_ih"] = shapes["bias_hh"] = (rows,)
        if self.proj_size > 0:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            declare_parameter(self, name + end, shape, device, dtype)
        self._all_weights.append([name + end for name in shapes])

    def reset_parameters(self) -> None:
        """Draws all parameters from U(-b, b), b = 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    @property
    def all_weights(self) -> list:
        """The parameters, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list:
        return [getattr(self, name) for name in self._flat_weights_names]

    def flatten_parameters(self) -> None:
        """Does nothing: the parameters need not lie in one piece here."""

    def forward(self, input, hx=None):
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        rank = input.dim()
        if rank not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {rank}D instead"
            )
        batch_axis = 0 if self.batch_first else 1
        x = input if rank == 3 else input.unsqueeze(batch_axis)
        self._check_input(x, 3)
        states = None if hx is None else self._with_batch_axis(hx, rank)
        states = self._checked_states(states, x, x.shape[batch_axis])
        output, states = self._run(x, None, states)
        if rank == 2:
            output = output.squeeze(batch_axis)
            states = tuple(state.squeeze(1) for state in states)
        return output, self._joined(states)

    def _forward_packed(self, packed: PackedSequence, hx):
        data, batch_sizes, order, way_back = packed
        self._check_input(data, 2)
        states = None if hx is None else self._parted(hx)
        states = self._checked_states(states, data, int(batch_sizes[0]))
        output, states = self._run(data, batch_sizes, _reordered(states, order))
        states = _reordered(states, way_back)
        return PackedSequence(output, batch_sizes, order, way_back), self._joined(states)

    def _run(self, x, batch_sizes, states):
        """Calls the library's function: the output, and the states after the last step."""
        function = getattr(_C.torch, self.mode.lower())
        hx = self._joined(states)
        rest = (
            self._flat_weights,
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
        )
        if batch_sizes is None:
            output, *states = function(x, hx, *rest, self.batch_first)
        else:
            output, *states = function(x, batch_sizes, hx, *rest)
        return output, tuple(states)

    # LSTM has two states, which its users see as a pair; the others have one.
    def _parted(self, hx) -> tuple:
        return (hx,)

    def _joined(self, states: tuple):
        return states[0]

    def _state_sizes(self) -> tuple:
        return (self.hidden_size,)

    def _with_batch_axis(self, hx, rank: int) -> tuple:
        states = self._parted(hx)
        if any(state.dim() != rank for state in states):
            kind = "batched 3-D" if rank == 3 else "unbatched 2-D"
            got = ", ".join(f"{state.dim()}-D" for state in states)
            raise RuntimeError(
                f"For {kind} input, hx should also be {rank}-D but got {got} tensor"
                if len(states) == 1
                else f"For {kind} input, hx and cx should also be {rank}-D but got ({got}) tensors"
            )
        return states if rank == 3 else tuple(state.unsqueeze(1) for state in states)

    def _check_input(self, x: Tensor, rank: int) -> None:
        weight = getattr(self, self._flat_weights_names[0])
        if x.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            )
        if x.dim() != rank:
            raise RuntimeError(f"input must have {rank} dimensions, got {x.dim()}")
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {x.shape[-1]}"
            )

    def _checked_states(self, states, x, batch: int) -> tuple:
        """The states, or zeros where there are none; raises where the sizes do not fit."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        shapes = [(count, batch, size) for size in self._state_sizes()]
        if states is None:
            return tuple(_C.torch.zeros(s, dtype=x.dtype, device=x.device) for s in shapes)
        for i, (state, shape) in enumerate(zip(states, shapes, strict=True)):
            if tuple(state.shape) != shape:
                which = "hidden" if len(shapes) == 1 else f"hidden[{i}]"
                raise RuntimeError(f"Expected {which} size {shape}, got {list(state.shape)}")
        return states

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, value in usual.items():
            if getattr(self, name) != value:
                shown.append(f"{name}={getattr(self, name)}")
        return ", ".join(shown)


def _reordered(states: tuple, order: Tensor | None) -> tuple:
    if order is None:
        return states
    return tuple(state.index_select(1, order) for state in states)


class RNN(RNNBase):
    """h = tanh(W x + b + U h + c), or relu. Gives all steps' outputs, and the last states."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device=None,
        dtype=None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            f"RNN_{nonlinearity.upper()}",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
        )
        self.nonlinearity = nonlinearity


class GRU(RNNBase):
    """r, z = sigmoid(W x + b + U h + c); n = tanh(W x + b + r (U h + c)); h = (1 - z) n + z h.

    Gives all steps' outputs, and the last states.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
        )


class LSTM(RNNBase):
    """i, f, o = sigmoid and g = tanh of W x + b + U h + c; c = f c + i g; h = o tanh(c).

    Gives all steps' outputs, and the last states (h, c). proj_size: h is projected to this size.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )

    def _parted(self, hx) -> tuple:
        return tuple(hx)

    def _joined(self, states: tuple) -> tuple:
        return states

    def _state_sizes(self) -> tuple:
        return (self.proj_size or self.hidden_size, self.hidden_size)
