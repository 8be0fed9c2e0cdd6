"""Damaged, hostile and foreign files give errors that say what to do, and execute nothing."""

import contextlib
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from random import Random

import pytest
import rushlight
from rushlight import serialization

IoError = rushlight.IoError


def zip_of(content, records=(), **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        archive.writestr("archive/data.pkl", content)
        for name, data in records:
            archive.writestr(f"archive/{name}", data)
    buffer.seek(0)
    return buffer


def refused(content, records=()):
    with pytest.raises(IoError) as error:
        serialization.load(zip_of(content, records))
    return str(error.value)


def saved(value):
    buffer = io.BytesIO()
    serialization.save(value, buffer)
    return buffer.getvalue()


def tensor_call(storage, *arguments):
    """A pickle of _rebuild_tensor_v2(storage, *arguments), storage a persistent id."""
    text = io.BytesIO()

    class Ids(pickle.Pickler):
        def persistent_id(self, obj):
            return obj.value if isinstance(obj, Id) else None

    class Id:
        value = storage

    pickler = Ids(text, 2)
    pickler.dump((Id(), *arguments))
    body = text.getvalue()[2:-1]
    kind = b"ctorch\nFloatStorage\n"
    body = body.replace(b"X\x0c\x00\x00\x00FloatStorage", kind)
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + body + b"R."


class Shell:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
@pytest.mark.parametrize("function", [os.system, eval, exec, print, getattr, __import__, open])
def test_calls_are_refused(function, protocol):
    text = refused(pickle.dumps(Shell(function, "1"), protocol))
    assert "damaged" in text or "needs" in text


def test_refusals_name_the_global_and_what_to_do():
    text = refused(pickle.dumps(Shell(eval, "1"), 2))
    assert "builtins.eval" in text and "add_safe_globals" in text and "weights_only=False" in text


def test_system_modules_cannot_be_allowed():
    with serialization.safe_globals([os.system]):
        assert "never allowed" in refused(b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00a\x85R.")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80",
        b"\x80\x02",
        b"\x80\x02]",
        b"\x80\x02]q\x00h\x07.",
        b"\x80\x02]].",
        b"\x80\x02a.",
        b"\x80\x02}K\x01s.",
        b"\x80\x02(K\x01u.",
        b"\x80\x02K\x01\x87.",
        b"\x80\x02(\x85.",
        b"\x80\x02t.",
        b"\x80\x02X\xff\xff\xff\xff.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x80\x04\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x63].",
        b"\x80\x02)R.",
        b"\x80\x02K\x01)R.",
        b"\x80\x02K\x01)\x81.",
        b"\x80\x02K\x01}b.",
        b"\x80\x02}]K\x01s.",
        b"\x80\x02ctorch\nfloat32\n)R.",
        b"\x80\x02K\x01Q.",
        b"\x80\x02cnowhere",
        b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x04\x00\x00\x00zlib\x86R.",
        b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"K\x01s.",
        b"\x80\x02ccollections\nOrderedDict\n)R}X\x0a\x00\x00\x00__class__xK\x01sb.",
        b"\x80\x02ctorch\nSize\nX\x01\x00\x00\x00a\x85R.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.",
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cbuiltins\nset\nN)}tR.",
        b"I1\n.",
    ],
)
def test_damaged_pickles_are_refused(content):
    assert refused(content).startswith("load:")


def test_tensors_within_their_storage_only():
    storage = ("storage", "FloatStorage", "0", "cpu", 4)
    records = [("data/0", b"\0" * 16)]

    def tensor(*arguments):
        return tensor_call(storage, *arguments, False, {})

    loaded = serialization.load(zip_of(tensor(0, (2, 2), (2, 1)), records))
    assert loaded.tolist() == [[0, 0], [0, 0]]
    assert "reaches beyond" in refused(tensor(1, (2, 2), (2, 1)), records)
    assert "reaches beyond" in refused(tensor(0, (2, 2), (2**40, 1)), records)
    assert "larger than any memory" in refused(tensor(0, (2**40, 2**40), (0, 0)), records)
    assert "sizes" in refused(tensor(0, (-1, 2), (2, 1)), records)
    assert "sizes" in refused(tensor(-1, (2, 2), (2, 1)), records)
    assert "one length" in refused(tensor(0, (2, 2), (1,)), records)
    assert "sizes" in refused(tensor(0, [2, 2], (2, 1)), records)
    assert "is missing" in refused(tensor(0, (2, 2), (2, 1)))
    assert "too short" in refused(tensor(0, (2, 2), (2, 1)), [("data/0", b"\0" * 8)])
    wrong = [("storage", "x", "0", "cpu", 4), ("storage",), ("module",), (1, 2, 3, 4, 5)]
    for identity in wrong:
        assert "wrongly" in refused(tensor_call(identity, 0, (2,), (1,), False, {}), records)


def test_dtypes_that_are_absent_are_named():
    assert "complex64" in refused(b"\x80\x02ctorch\nComplexFloatStorage\n.")
    assert "float8_e5m2" in refused(b"\x80\x02ctorch\nfloat8_e5m2\n.")


def test_files_cut_off_anywhere_are_refused(tmp_path):
    content = saved({"a": rushlight.arange(100.0), "b": "text"})
    path = tmp_path / "cut.pt"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(IoError):
            serialization.load(path)


def test_flipped_bits_never_go_unnoticed_in_tensors():
    content = bytearray(saved(rushlight.arange(64.0)))
    at = bytes(content).index(struct.pack("<3f", 1, 2, 3))
    content[at] ^= 1
    with pytest.raises(IoError, match="checksum"):
        serialization.load(io.BytesIO(content))


def test_flipped_bytes_give_a_value_or_an_error():
    content = saved({"a": rushlight.arange(4.0), "b": [1, "x"]})
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 0x5A
        with contextlib.suppress(IoError):
            serialization.load(io.BytesIO(changed))


def test_changed_pickles_give_a_value_or_an_error():
    value = {"a": rushlight.arange(4.0), ("b", 2): [1, {"x"}, OrderedDict(c=b"y")], "d": 2.5}
    buffer = io.BytesIO(saved(value))
    with zipfile.ZipFile(buffer) as archive:
        content, data = archive.read("archive/data.pkl"), archive.read("archive/data/0")
    random = Random(0)
    for _ in range(3000):
        changed = bytearray(content)
        for _ in range(random.randint(1, 3)):
            changed[random.randrange(len(content))] = random.randrange(256)
        with contextlib.suppress(IoError):
            serialization.load(zip_of(bytes(changed), [("data/0", data)]))


def test_bombs_are_refused():
    bomb = zip_of(b"\x80\x02" + b" " * 1_000_000, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(IoError, match="more bytes than it has"):
        serialization.load(bomb)
    slim = zip_of(b"\x80\x02].", compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(IoError, match="zip -0"):
        serialization.load(slim)


@pytest.mark.parametrize(
    "start, advice",
    [
        (b"", "empty"),
        (b"\x10\0\0\0\0\0\0\0{}              ", "safetensors"),
        (b"\x93NUMPY\x01\x00", "numpy.load"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"<!DOCTYPE html><html>", "download it again"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (pickle.dumps([1]), "plain pickle"),
        (b"hello world", "no checkpoint"),
    ],
)
def test_foreign_files_are_recognised(start, advice):
    with pytest.raises(IoError, match=advice):
        serialization.load(io.BytesIO(start))


def test_other_zips_are_recognised():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"")
    buffer.seek(0)
    with pytest.raises(IoError, match="numpy.load"):
        serialization.load(buffer)
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr("net/constants.pkl", b"")
    buffer.seek(0)
    with pytest.raises(IoError, match="TorchScript"):
        serialization.load(buffer)
