"""The zip container of checkpoints: `archive/data.pkl`, `archive/data/0`, ... each record stored as
it is (not compressed), so that a tensor's bytes are read, or mapped, straight from the file.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import zipfile
import zlib

from rushlight import _C

from .files import read_exactly, size_of

IoError = _C.IoError

_ALIGNMENT = 64
_LOCAL_HEADER = 30  # bytes, before the record's name
_ZIP64_FIELD = 20
_PADDING_ID = b"FB"


class ArchiveReader:
    """Records of a zip by name. The file is untrusted: records must be stored, lie within the file
    and together be no longer than it, and carry the right checksum."""

    def __init__(self, stream, name):
        self._stream, self._name = stream, name
        size = size_of(stream)
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            self._bad(f"is no readable zip ({error}); it may be cut off: copy or download it again")
        self._entries = {entry.filename: entry for entry in entries}
        if sum(entry.file_size for entry in entries) > size:
            self._bad("announces more bytes than it has: it is damaged or hostile")
        pickles = [n for n in self._entries if n.count("/") == 1 and n.endswith("/data.pkl")]
        if len(pickles) != 1:
            hint = _hint(self._entries)
            self._bad(f"is a zip, but no checkpoint: it has no record data.pkl in a folder{hint}")
        self._prefix = pickles[0][: -len("data.pkl")]

    def _bad(self, what):
        raise IoError(f"load: {self._name}: {what}")

    def has(self, record) -> bool:
        return self._prefix + record in self._entries

    def read(self, record) -> bytearray:
        """The record's bytes, checked against its checksum."""
        start, length = self.place(record)
        self._stream.seek(start)
        data = read_exactly(self._stream, length, self._name)
        if zlib.crc32(data) != self._entries[self._prefix + record].CRC:
            self._bad(f"the record {record} has a wrong checksum: copy or download the file again")
        return data

    def place(self, record):
        """Where in the file the record's bytes are: (start, length)."""
        entry = self._entries.get(self._prefix + record)
        if entry is None:
            self._bad(f"the record {record} is missing: the file is damaged")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            self._bad(
                f"the record {record} is compressed, which PyTorch's files are not; unpack it and "
                "pack it again with `zip -0 -r`"
            )
        if entry.flag_bits & 1 or entry.header_offset < 0:
            self._bad(f"the record {record} is encrypted, or the file is damaged")
        self._stream.seek(entry.header_offset)
        header = read_exactly(self._stream, _LOCAL_HEADER, self._name)
        if header[:4] != b"PK\3\4":
            self._bad(f"the record {record} is not where the zip says: the file is damaged")
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return entry.header_offset + _LOCAL_HEADER + lengths, entry.file_size


def _hint(entries) -> str:
    if any(name.endswith("/constants.pkl") for name in entries):
        return " (TorchScript archives can't be read; save the module's state_dict() instead)"
    if any(name.endswith(".npy") for name in entries):
        return " (NumPy's .npz files are read by numpy.load)"
    return ""


class ArchiveWriter:
    """Writes records to a seekable stream, each at a multiple of 64 bytes."""

    def __init__(self, stream, prefix):
        self._archive = zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)
        self._stream, self._prefix = stream, prefix
        self._start = stream.tell()
        self._checksums = hashlib.blake2b(digest_size=16)

    def add(self, record, data):
        info = zipfile.ZipInfo(f"{self._prefix}/{record}")
        info.file_size = len(data)
        large = info.file_size * 1.05 > zipfile.ZIP64_LIMIT  # zipfile's own rule
        at = self._stream.seek(0, os.SEEK_END) - self._start
        header = _LOCAL_HEADER + len(info.filename.encode()) + 4 + _ZIP64_FIELD * large
        padding = -(at + header) % _ALIGNMENT
        info.extra = _PADDING_ID + padding.to_bytes(2, "little") + b"Z" * padding
        with self._archive.open(info, "w", force_zip64=large) as record_stream:
            record_stream.write(data)
        self._checksums.update(info.CRC.to_bytes(4, "little"))

    def finish(self):
        """The short records that say how to read the others, then the directory."""
        self.add(".format_version", b"1")
        self.add(".storage_alignment", str(_ALIGNMENT).encode())
        self.add("byteorder", sys.byteorder.encode())
        self.add("version", b"3\n")
        number = int.from_bytes(self._checksums.digest(), "little")
        self.add(".data/serialization_id", str(number).zfill(40)[:40].encode())
        self._archive.close()
