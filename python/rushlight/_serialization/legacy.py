"""The container before PyTorch 1.6: five pickles one after the other (a magic number, a version,
facts about the machine, the value, the keys of its storages), then the storages' bytes.
"""

from __future__ import annotations

from rushlight import _C

from .files import read_exactly, size_of
from .rebuild import Storage

IoError = _C.IoError

MAGIC = 0x1950A86A20F9469CFC6C
MAGIC_BYTES = b"\x8a\x0a" + MAGIC.to_bytes(10, "little")
_PROTOCOL = 1001


class LegacyReader:
    """Reads a value; `make_unpickler(persistent_load)` gives an object with load()."""

    def __init__(self, stream, name):
        self._stream, self._name = stream, name
        self._left = size_of(stream) - stream.tell()
        self._storages, self._views, self._types = {}, {}, {}

    def _bad(self, what):
        raise IoError(f"load: {self._name}: {what}")

    def load(self, make_unpickler):
        magic, protocol, machine = (make_unpickler(None).load() for _ in range(3))
        if magic != MAGIC or protocol != _PROTOCOL:
            self._bad(f"is of version {protocol!r} of the old format, {_PROTOCOL} is known")
        if not isinstance(machine, dict):
            self._bad("does not say what machine it is from: it is damaged")
        self.swapped = not machine.get("little_endian", True)
        value = make_unpickler(self._storage).load()
        self._fill(make_unpickler(None).load())
        return value

    def _storage(self, identity):
        if isinstance(identity, tuple) and len(identity) == 4 and identity[0] == "module":
            return identity[1]  # only whole objects have these, and their class was looked up
        if not isinstance(identity, tuple) or len(identity) != 6 or identity[0] != "storage":
            self._bad("refers to something else than a storage: it is damaged or hostile")
        _, kind, key, _, count, view = identity
        dtype = getattr(kind, "dtype", None)
        if dtype is None or type(key) is not str or type(count) is not int or count < 0:
            self._bad("describes a storage wrongly: it is damaged or hostile")
        if key not in self._storages:
            bytes_of_storage = count * dtype.itemsize
            self._left -= bytes_of_storage
            if self._left < 0:
                self._bad(f"is cut off: a storage of {bytes_of_storage} bytes is announced")
            self._storages[key] = Storage(bytearray(bytes_of_storage), dtype)
            self._types[key] = dtype
        return self._storages[key] if view is None else self._view(key, view)

    def _view(self, key, view):
        name, offset, count = view
        size, storage = self._types[key].itemsize, self._storages[key]
        if name not in self._views:
            part = memoryview(storage.data)[offset * size : (offset + count) * size]
            self._views[name] = Storage(part, storage.dtype)
        return self._views[name]

    def _fill(self, keys):
        if not isinstance(keys, list) or set(keys) != set(self._storages):
            self._bad("has not the storages that its tensors need: it is damaged")
        for key in keys:
            data, size = self._storages[key].data, self._types[key].itemsize
            count = int.from_bytes(read_exactly(self._stream, 8, self._name), "little")
            if count * size != len(data):
                self._bad(f"a storage has {count} elements, {len(data) // size} were announced")
            data[:] = read_exactly(self._stream, len(data), self._name)
            if self.swapped:
                swap_bytes(data, size)


def swap_bytes(data: bytearray, size: int):
    """Turns elements of `size` bytes round, in place."""
    original = bytes(data)
    for at in range(size):
        data[at::size] = original[size - 1 - at :: size]
