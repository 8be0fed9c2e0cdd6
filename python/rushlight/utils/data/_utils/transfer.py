"""Sends batches from one process to another: small ones through a pipe, large ones in memory
that both processes map.

The memory belongs to no name, so nothing is left behind when a process dies.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any

import rushlight
from rushlight import _C

Tensor = _C.Tensor

_ALIGNMENT = 64
_LARGEST_IN_PIPE = 32 * 1024
_HAS_SHARED_MEMORY = hasattr(os, "memfd_create")


class _Pickler(pickle.Pickler):
    """Writes tensors as NumPy arrays, whose memory stays outside the pickle."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return NotImplemented
        values = value.detach().contiguous()
        if values.dtype == rushlight.bfloat16:
            return _tensor_of_bits, (values.view(rushlight.int16).numpy(),)
        return _tensor_of, (values.numpy(),)


def _tensor_of(array: Any) -> Tensor:
    return _C.torch.from_numpy(array)


def _tensor_of_bits(array: Any) -> Tensor:
    return _C.torch.from_numpy(array).view(rushlight.bfloat16)


class Packed:
    """A value as bytes, and the memory of its arrays."""

    __slots__ = ("head", "buffers")

    def __init__(self, value: Any) -> None:
        text = io.BytesIO()
        buffers: list[pickle.PickleBuffer] = []
        _Pickler(text, protocol=5, buffer_callback=buffers.append).dump(value)
        self.head = text.getvalue()
        self.buffers = [buffer.raw() for buffer in buffers]


def send(connection: Connection, packed: Packed) -> None:
    """Sends a value; `receive` at the other end returns it."""
    sizes = [buffer.nbytes for buffer in packed.buffers]
    is_mapped = _HAS_SHARED_MEMORY and sum(sizes) > _LARGEST_IN_PIPE
    connection.send((packed.head, sizes, is_mapped))
    if not is_mapped:
        for buffer in packed.buffers:
            connection.send_bytes(buffer)
        return
    file = os.memfd_create("rushlight-batch", os.MFD_CLOEXEC)
    try:
        for buffer in packed.buffers:
            _write(file, buffer)
            _write(file, memoryview(bytes(-buffer.nbytes % _ALIGNMENT)))
        send_handle(connection, file, None)
    finally:
        os.close(file)


def _write(file: int, data: memoryview) -> None:
    while data.nbytes:
        data = data[os.write(file, data) :]


def receive(connection: Connection) -> Any:
    """Waits for a value; arrays and tensors in it lie in the memory that came."""
    head, sizes, is_mapped = connection.recv()
    if not is_mapped:
        buffers = [bytearray(connection.recv_bytes()) for _ in sizes]
        return pickle.loads(head, buffers=buffers)
    file = recv_handle(connection)
    try:
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        memory = memoryview(mmap.mmap(file, 0, flags=flags))
    finally:
        os.close(file)
    buffers, start = [], 0
    for size in sizes:
        buffers.append(memory[start : start + size])
        start += size + -size % _ALIGNMENT
    return pickle.loads(head, buffers=buffers)
