"""safetensors: named tensors in a file that cannot run code, in the shape of that package.

A file is a length (8 bytes, little-endian), a JSON header {name: {dtype, shape, data_offsets}}, and
the tensors' bytes without gaps. Sizes are checked against the file's before memory is asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import math

from rushlight import _C
from rushlight._serialization.files import read_exactly, reading, replacing, size_of

__all__ = ["load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]

IoError = _C.IoError

_METADATA = "__metadata__"
_LONGEST_HEADER = 100_000_000  # as in the reference implementation
_TYPES = {
    "BOOL": _C.bool,
    "U8": _C.uint8,
    "I8": _C.int8,
    "I16": _C.int16,
    "I32": _C.int32,
    "I64": _C.int64,
    "F16": _C.float16,
    "BF16": _C.bfloat16,
    "F32": _C.float32,
    "F64": _C.float64,
}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}


def save_file(tensors, filename, metadata=None):
    """Writes the dictionary {name: tensor} to `filename`, replacing it in one step.

    metadata: texts by name. Views are written in full, so tensors that share memory (tied weights)
    are there twice; `save_model` writes such ones once.
    """
    with replacing(filename) as stream:
        _write(stream, tensors, metadata)


def save(tensors, metadata=None) -> bytes:
    """The bytes of a file with the dictionary {name: tensor}."""
    stream = io.BytesIO()
    _write(stream, tensors, metadata)
    return stream.getvalue()


def load_file(filename, device="cpu"):
    """The tensors of a file as a dictionary by name."""
    with safe_open(filename, "pt", device) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def load(data):
    """The tensors of a file's bytes as a dictionary by name."""
    return load_file(io.BytesIO(data))


class safe_open:  # noqa: N801 (the package's name)
    """An open file whose tensors are read one by one:

    with safe_open("model.safetensors", framework="pt") as file:
        weight = file.get_tensor("weight")
    """

    def __init__(self, filename, framework="pt", device="cpu"):
        if str(device).partition(":")[0] != "cpu":
            raise RuntimeError(f"safe_open: device is {device!r}; rushlight computes on the CPU")
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self._stream, self._name = stack.enter_context(reading(filename, "load"))
            self._entries, self._metadata, self._start = _read_header(self._stream, self._name)
            self._closing = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._closing.close()

    def keys(self):
        """The tensors' names, in the order of their bytes."""
        return list(self._entries)

    offset_keys = keys

    def metadata(self):
        """The texts that were saved with the tensors; None without."""
        return self._metadata

    def get_tensor(self, name):
        """Reads one tensor."""
        if name not in self._entries:
            raise IoError(f"load: {self._name}: has no tensor {name!r}")
        dtype, shape, begin, end = self._entries[name]
        if begin == end:
            return _C.torch.empty(shape, dtype=dtype)
        self._stream.seek(self._start + begin)
        data = read_exactly(self._stream, end - begin, self._name)
        return _C.torch.frombuffer(data, dtype=dtype).view(shape)

    def get_slice(self, name):
        """A tensor to be indexed: `file.get_slice("weight")[:10]`."""
        return self.get_tensor(name)


def save_model(model, filename, metadata=None):
    """Writes a module's state; of tensors that are tied, the first only."""
    state, seen = {}, {}
    metadata = dict(metadata or {})
    for name, tensor in model.state_dict().items():
        place = tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride())
        if tensor.numel() and place in seen:
            metadata[name] = seen[place]
            continue
        seen[place] = name
        state[name] = tensor
    save_file(state, filename, metadata or None)


def load_model(model, filename, strict=True, device="cpu"):
    """Reads into a module what save_model wrote; returns (missing names, unexpected names)."""
    with safe_open(filename, device=device) as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for tied, first in (file.metadata() or {}).items():
            if first in state and tied not in state:
                state[tied] = state[first]
    return model.load_state_dict(state, strict=strict)


def _write(stream, tensors, metadata):
    # Wide elements first, so that each tensor begins at a multiple of its element size.
    order = sorted(tensors.items(), key=lambda item: (-_checked(*item).dtype.itemsize, item[0]))
    header, at = {}, 0
    if metadata:
        if not all(isinstance(part, str) for pair in metadata.items() for part in pair):
            raise TypeError("save: metadata should be a dictionary of texts")
        header[_METADATA] = dict(metadata)
    for name, tensor in order:
        end = at + tensor.numel() * tensor.dtype.itemsize
        shape = list(tensor.shape)
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for _, tensor in order:
        stream.write(_bytes_of(tensor.detach().contiguous()))


def _checked(name, tensor):
    if not isinstance(name, str) or name == _METADATA:
        raise ValueError(f"save: {name!r} can't be a tensor's name")
    if not isinstance(tensor, _C.Tensor):
        raise ValueError(f"save: {name!r} is a {type(tensor).__name__}, not a tensor")
    return tensor


def _bytes_of(tensor):
    size = tensor.numel() * tensor.dtype.itemsize
    if size == 0:
        return b""
    # A copy: the memory is the tensor's, which may go before the bytes are written.
    return ctypes.string_at(tensor.data_ptr(), size)


def _read_header(stream, name):
    def bad(what):
        raise IoError(f"load: {name}: {what}")

    size = size_of(stream)
    start = stream.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(_LONGEST_HEADER, size - 8):
        bad(
            f"is no safetensors file: its header would have {length} bytes, the file has {size}; "
            "if it was downloaded, download it again"
        )
    try:
        header = json.loads(stream.read(length).decode(), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        bad(f"the header is no JSON: {error}")
    if not isinstance(header, dict):
        bad("the header is no JSON object")
    metadata = header.pop(_METADATA, None)
    entries = {key: _entry(bad, key, value) for key, value in header.items()}
    entries = dict(sorted(entries.items(), key=lambda item: (*item[1][2:], item[0])))
    at = 0
    for key, (_, _, begin, end) in entries.items():
        if begin != at:
            bad(f"tensor {key!r} begins at byte {begin} of the data, expected {at}")
        at = end
    if at != size - 8 - length:
        bad(f"the header describes {at} bytes of data, the file has {size - 8 - length}")
    return entries, metadata, 8 + length


def _without_repeats(pairs):
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name is there twice")
    return values


def _entry(bad, name, value):
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        bad(f"tensor {name!r} should have dtype, shape and data_offsets")
    dtype = _TYPES.get(value["dtype"]) if isinstance(value["dtype"], str) else None
    if dtype is None:
        bad(f"tensor {name!r} has the type {value['dtype']!r}, which is not known here")
    shape, offsets = value["shape"], value["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        bad(f"tensor {name!r}: shape and data_offsets should be lists of sizes")
    begin, end = offsets
    if end - begin != math.prod(shape) * dtype.itemsize:
        bad(f"tensor {name!r}: {value['dtype']} {shape} does not fill its bytes {begin} to {end}")
    return dtype, tuple(shape), begin, end


def _are_sizes(values) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n < 2**63 for n in values)
