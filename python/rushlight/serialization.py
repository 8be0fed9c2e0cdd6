"""Saving and loading, in PyTorch's file format.

`load` reads what PyTorch's `torch.save` wrote, and the other way round. By default it reads plain
values only (tensors, parameters, containers, numbers, texts) and executes nothing, whatever the
file holds.
"""

from __future__ import annotations

import contextlib
import io
import mmap as _mmap
import os
import pickle

from rushlight import _C
from rushlight._serialization import legacy, unpickler
from rushlight._serialization.archive import ArchiveReader, ArchiveWriter
from rushlight._serialization.files import is_path, reading, replacing, size_of
from rushlight._serialization.names import ours_for
from rushlight._serialization.pickler import pickled
from rushlight._serialization.rebuild import Storage
from rushlight._serialization.unpickler import UnsafeFileError

__all__ = [
    "UnsafeFileError",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "safe_globals",
    "save",
]

IoError = _C.IoError
DEFAULT_PROTOCOL = 2


def save(
    obj,
    f,
    pickle_module=pickle,
    pickle_protocol=DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization=True,
    _disable_byteorder_record=False,
):
    """Writes `obj` to a path or a binary file so that `load`, here or in PyTorch, reads it back.

    Tensors that share memory share it again after loading. A path's file is replaced in one step:
    a crash or a full disk leaves the old content. The zip format is written whatever the last two
    arguments are.
    """
    content, storages = pickled(obj, pickle_protocol)
    if is_path(f):
        with replacing(f) as stream:
            _write(stream, content, storages)
    elif not hasattr(f, "write"):
        raise TypeError(
            "save: expected a path or a file opened for writing in binary mode, "
            f"got {type(f).__name__}"
        )
    elif isinstance(f, io.TextIOBase):
        raise IoError("save: the file is opened as text; open it with mode 'wb'")
    elif hasattr(f, "seekable") and f.seekable():
        _write(f, content, storages)
    else:
        buffer = io.BytesIO()
        _write(buffer, content, storages)
        f.write(buffer.getbuffer())


def _write(stream, content, storages):
    archive = ArchiveWriter(stream, "archive")
    archive.add("data.pkl", content)
    for storage in storages:
        archive.add(f"data/{storage.key}", storage.content())
    archive.finish()


def load(
    f,
    map_location=None,
    pickle_module=None,
    *,
    weights_only=None,
    mmap=None,
    **pickle_load_args,
):
    """Reads a file of `save`, or of PyTorch's (the zip format, and that before version 1.6).

    f: a path or a binary file. map_location: tensors come to the CPU wherever they were saved;
    'cpu' and functions are accepted for PyTorch's sake. weights_only: True, the default, reads
    plain values and executes nothing; False reads any object with Python's pickle, so the file's
    author can run any code here. mmap: tensors show the file's bytes, read when first used (paths
    only); changes stay in memory.
    """
    _check_location(map_location)
    if weights_only is None:
        weights_only = pickle_module is None
    elif weights_only and pickle_module is not None:
        raise RuntimeError("load: pickle_module can't be given with weights_only=True")
    if mmap and not is_path(f):
        raise ValueError("load: mmap=True needs a path, got a file object")
    with reading(f) as (stream, name):
        encoding = pickle_load_args.pop("encoding", "utf-8")
        options = _Options(weights_only, pickle_module, encoding, pickle_load_args)
        start = stream.read(300)
        stream.seek(-len(start), os.SEEK_CUR)
        if start[:4] == b"PK\3\4":
            return _load_zip(stream, name, options, mmap)
        if legacy.MAGIC_BYTES in start[:20]:

            def make_unpickler(persistent_load):
                return options.unpickler(stream, persistent_load, name)

            return legacy.LegacyReader(stream, name).load(make_unpickler)
        raise IoError(f"load: {name}: {_what_it_is(start)}")


def _check_location(location):
    if isinstance(location, (str, _C.device)):
        kind = str(location).partition(":")[0]
        if kind != "cpu":
            raise RuntimeError(
                f"load: map_location is {str(location)!r}; rushlight computes on the CPU, "
                "so use map_location='cpu'"
            )


class _Options:
    """How pickles are read: restricted, or with Python's own reader."""

    def __init__(self, weights_only, pickle_module, encoding, arguments):
        self._weights_only = weights_only
        self._module = pickle_module or pickle
        self._encoding, self._arguments = encoding, arguments

    def unpickler(self, stream, persistent_load, name):
        if self._weights_only:
            size = size_of(stream)
            return unpickler.Unpickler(stream, size, persistent_load, name, self._encoding)
        base = self._module.Unpickler

        class AnyUnpickler(base):
            def find_class(self, module, name):
                return _find_class(super(), module, name)

            def persistent_load(self, identity):
                return persistent_load(identity)

        return AnyUnpickler(stream, encoding=self._encoding, **self._arguments)


def _find_class(plain, module, name):
    full = f"{module}.{name}"
    known = unpickler.ALLOWED.get(full) if module.partition(".")[0] == "torch" else None
    if known is not None:
        return known
    if module == "torch" or module.startswith("torch."):
        return ours_for(module, name)
    return plain.find_class(module, name)


def _load_zip(stream, name, options, mmap):
    archive = ArchiveReader(stream, name)
    swapped = archive.has("byteorder") and archive.read("byteorder") == b"big"
    mapped = _mmap.mmap(stream.fileno(), 0, access=_mmap.ACCESS_COPY) if mmap else None
    storages = {}

    def persistent_load(identity):
        fine = isinstance(identity, tuple) and len(identity) == 5 and identity[0] == "storage"
        dtype = getattr(identity[1], "dtype", None) if fine else None
        if dtype is None or type(identity[2]) is not str or type(identity[4]) is not int:
            raise IoError(f"load: {name}: describes a storage wrongly: it is damaged or hostile")
        _, _, key, _, count = identity
        if key not in storages:
            data = _content(archive, key, mapped)
            if len(data) < count * dtype.itemsize:
                raise IoError(f"load: {name}: the record data/{key} is too short: it is damaged")
            if swapped:
                legacy.swap_bytes(data, dtype.itemsize)
            storages[key] = Storage(data, dtype)
        elif storages[key].dtype != dtype:
            return Storage(storages[key].data, dtype)
        return storages[key]

    content = io.BytesIO(archive.read("data.pkl"))
    return options.unpickler(content, persistent_load, name).load()


def _content(archive, key, mapped):
    if mapped is None:
        return archive.read(f"data/{key}")
    start, length = archive.place(f"data/{key}")
    return memoryview(mapped)[start : start + length]


def _what_it_is(start: bytes) -> str:
    """A guess at what a file is that is no checkpoint, and what to do with it."""
    if not start:
        return "is empty; copy or download it again"
    if start[8:9] == b"{":
        return "looks like a safetensors file; read it with rushlight.safetensors.load_file"
    if start[:6] == b"\x93NUMPY":
        return "is a NumPy array; read it with numpy.load"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself; run `git lfs pull`"
    if start.lstrip()[:1] == b"<":
        return "is a web page, so the download failed; download it again"
    if start[:2] == b"\x1f\x8b":
        return "is compressed with gzip; unpack it first"
    if start[257:262] == b"ustar":
        return "is a checkpoint of PyTorch before 0.2; load and save it once with PyTorch 1.x"
    if start[:1] == b"\x80":
        return (
            "is a plain pickle, not a file of save(); read it with Python's pickle if you trust it"
        )
    return "is no checkpoint: neither a zip nor a file of PyTorch before 1.6"


def add_safe_globals(safe_globals):
    """Allows classes and functions in files read with weights_only=True: a list of them, or of
    pairs (object, 'module.name'). Allow only what is harmless with any arguments."""
    for item in safe_globals:
        unpickler.user_globals.update(unpickler.names_of(item))


def get_safe_globals():
    """What add_safe_globals has allowed."""
    return list(dict.fromkeys(unpickler.user_globals.values()))


def clear_safe_globals():
    """Takes back all of add_safe_globals."""
    unpickler.user_globals.clear()


@contextlib.contextmanager
def safe_globals(safe_globals):
    """add_safe_globals for the length of a `with` block."""
    before = dict(unpickler.user_globals)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        unpickler.user_globals.clear()
        unpickler.user_globals.update(before)
