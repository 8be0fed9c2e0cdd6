"""Event files: their records, checksums and fields, read back by a reader written for the test."""

import struct

import rushlight as torch
from rushlight.utils.tensorboard import SummaryWriter, records


def events(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        body = data[12 : 12 + length]
        assert data[: 16 + length] == records.record(body)
        yield dict(fields(body))
        data = data[16 + length :]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = (8, at) if key & 7 == 1 else (4, at) if key & 7 == 5 else varint(data, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def value_of(event):
    return dict(fields(dict(fields(event[5]))[1]))


def test_known_checksum():
    assert records.crc32c(b"123456789") == 0xE3069283


def test_scalars(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", torch.tensor(0.5), 3)
        writer.add_scalar("loss", 0.25, 4)
    first, second, third = events(tmp_path)
    assert first[3] == b"brain.Event:2"
    assert (second[2], third[2]) == (3, 4)
    assert value_of(second)[1] == b"loss"
    assert struct.unpack("<f", value_of(third)[2]) == (0.25,)


def test_histogram_counts_all_values(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram("weights", torch.arange(100.0), 0)
    _, event = events(tmp_path)
    histogram = dict(fields(value_of(event)[5]))
    assert struct.unpack("<d", histogram[3]) == (100.0,)
    assert sum(struct.unpack("<64d", histogram[7])) == 100.0


def test_image_is_a_png_of_its_size(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("picture", torch.rand(3, 4, 5), 0)
    _, event = events(tmp_path)
    image = dict(fields(value_of(event)[4]))
    assert (image[1], image[2], image[3]) == (4, 5, 3)
    assert image[4].startswith(b"\x89PNG")


def test_text_and_reopening_after_close(tmp_path):
    writer = SummaryWriter(tmp_path / "a")
    writer.add_text("note", "hello", 1)
    writer.close()
    _, event = events(tmp_path / "a")
    assert value_of(event)[1] == b"note/text_summary"
    writer.add_scalar("late", 1.0)
    writer.close()
    assert len(list((tmp_path / "a").iterdir())) == 2
