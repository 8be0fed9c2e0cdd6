"""Makes batches of samples: tensors with one dimension more, in the samples' own structure."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

import rushlight
from rushlight import _C

Tensor = _C.Tensor
_stack = _C.torch.stack

np_str_obj_array_pattern = re.compile(r"[SaUO]")
default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def default_convert(data: Any) -> Any:
    """NumPy arrays and numbers inside `data` become tensors; all else stays as it is."""
    kind = type(data)
    if isinstance(data, Tensor):
        return data
    if kind.__module__ == "numpy" and kind.__name__ not in ("str_", "bytes_"):
        if isinstance(data, np.ndarray) and np_str_obj_array_pattern.search(data.dtype.str):
            return data
        return _C.torch.as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        converted = [default_convert(one) for one in data]
        return kind(*converted) if hasattr(data, "_fields") else converted
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence_like(data, [default_convert(one) for one in data])
    return data


def _mapping_like(pattern: Mapping, values: dict) -> Any:
    """A mapping of the pattern's class with these values; a dictionary if it cannot be made."""
    try:
        if not isinstance(pattern, MutableMapping):
            return type(pattern)(values)
        clone = copy.copy(pattern)
        clone.update(values)
        return clone
    except TypeError:
        return values


def _sequence_like(pattern: Sequence, values: list) -> Any:
    """A sequence of the pattern's class with these values; a list if it cannot be made."""
    try:
        if not isinstance(pattern, MutableSequence):
            return type(pattern)(values)
        clone = copy.copy(pattern)
        for place, value in enumerate(values):
            clone[place] = value
        return clone
    except TypeError:
        return values


def collate(
    batch: Sequence,
    *,
    collate_fn_map: dict[type | tuple[type, ...], Callable] | None = None,
) -> Any:
    """Makes one batch of a list of samples, by the class of the first.

    `collate_fn_map` gives functions for classes (or tuples of them) that are called as
    `function(batch, collate_fn_map=...)`; mappings, named tuples and sequences are entered.
    """
    sample = batch[0]
    kind = type(sample)
    functions = collate_fn_map or {}
    if kind in functions:
        return functions[kind](batch, collate_fn_map=collate_fn_map)
    for one, function in functions.items():
        if isinstance(sample, one):
            return function(batch, collate_fn_map=collate_fn_map)

    def together(parts: Sequence) -> Any:
        return collate(parts, collate_fn_map=collate_fn_map)

    if isinstance(sample, Mapping):
        values = {key: together([one[key] for one in batch]) for key in sample}
        return _mapping_like(sample, values)
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return kind(*map(together, zip(*batch)))
    if isinstance(sample, Sequence):
        if any(len(one) != len(sample) for one in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        values = [together(parts) for parts in zip(*batch)]
        return values if isinstance(sample, tuple) else _sequence_like(sample, values)
    raise TypeError(default_collate_err_msg_format.format(kind))


def collate_tensor_fn(batch, *, collate_fn_map=None):
    """Stacks tensors of equal shape."""
    return _stack(batch, 0)


def collate_numpy_array_fn(batch, *, collate_fn_map=None):
    """Stacks NumPy arrays of numbers and of equal shape, as a tensor."""
    if np_str_obj_array_pattern.search(batch[0].dtype.str):
        raise TypeError(default_collate_err_msg_format.format(batch[0].dtype))
    return collate([_C.torch.as_tensor(one) for one in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None):
    """A tensor of NumPy numbers, in their dtype."""
    return _C.torch.as_tensor(np.asarray(batch))


def collate_float_fn(batch, *, collate_fn_map=None):
    """A float64 tensor of Python floats."""
    return _C.torch.tensor(batch, dtype=rushlight.float64)


def collate_int_fn(batch, *, collate_fn_map=None):
    """An int64 tensor of Python integers, or a boolean one."""
    return _C.torch.tensor(batch)


def collate_str_fn(batch, *, collate_fn_map=None):
    """Texts stay as they are."""
    return batch


default_collate_fn_map: dict[type | tuple[type, ...], Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Sequence) -> Any:
    """Makes a batch of samples: tensors, NumPy arrays and numbers become tensors.

    Tuples and lists become lists of batches, mappings mappings of batches; texts stay lists.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
