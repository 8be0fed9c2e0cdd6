"""Event files as TensorBoard reads them: protocol buffers, each in a record with checksums."""

import struct
import time


def _make_crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC_TABLE = _make_crc_table()


def crc32c(data):
    """The Castagnoli checksum."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _masked_crc(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data):
    """`data` with its length and the checksums of both."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        (
            length,
            struct.pack("<I", _masked_crc(length)),
            data,
            struct.pack("<I", _masked_crc(data)),
        )
    )


# ---- Fields of protocol buffers ------------------------------------------------------------------


def _varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field, value):
    return _varint(field << 3) + _varint(value)


def double(field, value):
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def float32(field, value):
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def message(field, data):
    if isinstance(data, str):
        data = data.encode()
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def doubles(field, values):
    return message(field, struct.pack(f"<{len(values)}d", *values))


# ---- Events --------------------------------------------------------------------------------------


def event(content, step=None, wall_time=None):
    """An event: its time, its step and one more field."""
    data = double(1, time.time() if wall_time is None else wall_time)
    if step is not None:
        data += integer(2, int(step))
    return record(data + content)


def version():
    """What every file begins with."""
    return event(message(3, "brain.Event:2"))


def summary(tag, value):
    """The summary of one tag, as a field of an event."""
    return message(5, message(1, message(1, tag) + value))


def scalar(value):
    return float32(2, value)


def image(height, width, channels, png):
    return message(
        4, integer(1, height) + integer(2, width) + integer(3, channels) + message(4, png)
    )


def histogram(low, high, count, total, squares, limits, counts):
    return message(
        5,
        double(1, low)
        + double(2, high)
        + double(3, count)
        + double(4, total)
        + double(5, squares)
        + doubles(6, limits)
        + doubles(7, counts),
    )


def text(value):
    is_text = message(9, message(1, message(1, "text")))
    shape = message(2, message(2, integer(1, 1)))
    return is_text + message(8, integer(1, 7) + shape + message(8, value))
