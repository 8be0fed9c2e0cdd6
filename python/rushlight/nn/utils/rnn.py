"""Sequences of different lengths as one batch: padded, or packed without the padding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rushlight import _C

Tensor = _C.Tensor


class _PackedParts(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_PackedParts):
    """Sequences step by step: all first elements, then all second ones, the longest first.

    data: [elements, ...]; batch_sizes: how many sequences reach each step; sorted_indices: the
    order in which the sequences were put, unsorted_indices: the way back. Made by
    pack_padded_sequence() and pack_sequence().
    """

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs) -> PackedSequence:
        """The data in another dtype or on another device."""
        data, before = self.data.to(*args, **kwargs), self.data
        changes = data.dtype != before.dtype or data.device != before.device
        return self._replace(data=data) if changes else self

    def cpu(self) -> PackedSequence:
        """The sequences on the CPU."""
        return self.to("cpu")

    def double(self) -> PackedSequence:
        """The data as float64."""
        return self.to(_C.float64)

    def float(self) -> PackedSequence:
        """The data as float32."""
        return self.to(_C.float32)

    def half(self) -> PackedSequence:
        """The data as float16."""
        return self.to(_C.float16)

    def long(self) -> PackedSequence:
        """The data as int64."""
        return self.to(_C.int64)

    def int(self) -> PackedSequence:
        """The data as int32."""
        return self.to(_C.int32)

    @property
    def is_cuda(self) -> bool:
        """False: this library computes on the CPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one."""
    if permutation is None:
        return None
    places = _C.torch.arange(permutation.numel(), device=permutation.device)
    return _C.torch.empty_like(permutation).scatter_(0, permutation, places)


def pack_padded_sequence(
    input: Tensor, lengths, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs padded sequences [T, B, ...] (batch_first: [B, T, ...]) of the given lengths.

    enforce_sorted: the longest is first; False, if they come in any order.
    """
    if isinstance(lengths, Tensor):
        lengths = lengths.to(_C.int64)
    else:
        lengths = _C.torch.tensor(list(lengths), dtype=_C.int64)
    order = None
    if not enforce_sorted:
        lengths, order = _C.torch.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    data, batch_sizes = _C.torch._pack_padded_sequence(input, lengths, batch_first)
    return PackedSequence(data, batch_sizes, order)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The reverse of packing: the padded sequences, in their first order, and their lengths."""
    longest = sequence.batch_sizes.shape[0]
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {longest}"
        )
    padded, lengths = _C.torch._pad_packed_sequence(
        sequence.data, sequence.batch_sizes, batch_first, padding_value, total_length or longest
    )
    order = sequence.unsorted_indices
    if order is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, order), lengths.index_select(0, order)


def pad_sequence(
    sequences,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stacks sequences [T_i, ...] into [T, B, ...] (batch_first: [B, T, ...]), T the longest."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise ValueError(f"padding_side should be one of 'right' or 'left', got {padding_side}")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(sequence.shape[0] for sequence in sequences)
    padded = []
    for sequence in sequences:
        missing = longest - sequence.shape[0]
        widths = (0, 0) * (sequence.dim() - 1)
        ends = (missing, 0) if padding_side == "left" else (0, missing)
        padded.append(_C.nn.pad(sequence, (*widths, *ends), value=padding_value))
    return _C.torch.stack(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences [T_i, ...] that a padded batch holds."""
    by_sample = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    pairs = zip(by_sample, lengths.tolist(), strict=True)
    return [sequence[:length] for sequence, length in pairs]


def pack_sequence(sequences, enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences [T_i, ...]."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences [T_i, ...] in their first order."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
