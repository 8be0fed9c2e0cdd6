"""The writer of pickles that PyTorch reads: tensors are calls of its rebuilding functions, classes
of ours carry its names, the bytes of storages stay outside.
"""

from __future__ import annotations

import ctypes
import io
import pickle
import types
from collections import OrderedDict

from rushlight import _C

from . import rebuild
from .names import NAME_OF_DTYPE, STORAGE_OF_DTYPE, IoError, StorageType, torch_name


class _Storage:
    """One storage on its way to the file: `tensor` keeps its memory alive."""

    __slots__ = ("key", "tensor", "pointer", "size")

    def __init__(self, key, tensor):
        self.key, self.tensor = key, tensor
        self.pointer, self.size = tensor._storage()

    def content(self) -> memoryview:
        if self.size == 0:
            return memoryview(b"")
        return memoryview((ctypes.c_char * self.size).from_address(self.pointer)).cast("B")


class _StorageOf:
    """Stands in a call's arguments for the storage of a tensor."""

    __slots__ = ("storage", "dtype")

    def __init__(self, storage, dtype):
        self.storage, self.dtype = storage, dtype


class Pickler(pickle._Pickler):
    """Writes one value to `stream` and gathers the storages that it needs."""

    def __init__(self, stream, protocol):
        from rushlight.nn import Parameter

        super().__init__(stream, protocol)
        self.storages = []
        self._keys = {}
        self._parameter = Parameter

    def persistent_id(self, obj):
        if type(obj) is not _StorageOf:
            return None
        storage, dtype = obj.storage, obj.dtype
        count = storage.size // dtype.itemsize
        return "storage", STORAGE_OF_DTYPE[dtype], storage.key, "cpu", count

    def reducer_override(self, obj):
        kind = type(obj)
        if issubclass(kind, _C.Tensor):
            return self._reduce_tensor(obj)
        if kind is _C.Size:
            return _C.Size, (tuple(obj),)
        if kind is _C.dtype:
            return NAME_OF_DTYPE.get(obj, str(obj).rpartition(".")[2])
        if kind is _C.device:
            index = obj.index
            return _C.device, (obj.type,) if index is None else (obj.type, index)
        return NotImplemented

    def _reduce_tensor(self, tensor):
        kind, state = type(tensor), getattr(tensor, "__dict__", None)
        if kind is self._parameter:
            arguments = tensor.detach(), tensor.requires_grad, OrderedDict()
            if state:
                return rebuild._rebuild_parameter_with_state, (*arguments, dict(state))
            return rebuild._rebuild_parameter, arguments
        call = rebuild._rebuild_tensor_v2, self._arguments(tensor)
        if kind is _C.Tensor and not state:
            return call
        function, arguments = call
        return rebuild._rebuild_from_type_v2, (function, kind, arguments, dict(state or {}))

    def _arguments(self, tensor):
        storage = _StorageOf(self._storage(tensor), tensor.dtype)
        offset, size, stride = tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
        return storage, offset, size, tuple(stride), tensor.requires_grad, OrderedDict()

    def _storage(self, tensor):
        storage = _Storage(str(len(self.storages)), tensor)
        known = self._keys.get(storage.pointer) if storage.size else None
        if known is None:
            known = self._keys[storage.pointer] = storage
            self.storages.append(storage)
        return known

    def save_global(self, obj, name=None):
        if type(obj) is _C.dtype:
            self._write_global(obj, "torch", name)
            return
        function = rebuild.TORCH_NAMES.get(obj)
        if function is not None:
            self._write_global(obj, *function)
            return
        module = getattr(obj, "__module__", None) or ""
        if module == "rushlight" or module.startswith("rushlight."):
            place = torch_name(module, name or obj.__qualname__)
            self._write_global(obj, *place)
            return
        super().save_global(obj, name)

    def _save_storage_type(self, obj):
        self._write_global(obj, "torch", obj.name)

    def _write_global(self, obj, module, name):
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch = {
        **pickle._Pickler.dispatch,
        types.FunctionType: save_global,
        StorageType: _save_storage_type,
    }


def pickled(obj, protocol):
    """The pickle of `obj` as bytes, and its storages."""
    stream = io.BytesIO()
    pickler = Pickler(stream, protocol)
    try:
        pickler.dump(obj)
    except RecursionError:
        raise IoError(
            "save: the object is nested too deeply for pickle; save a state_dict() instead"
        ) from None
    return stream.getbuffer(), pickler.storages
