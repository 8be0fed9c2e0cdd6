"""The safetensors format, both ways."""

import json

import pytest
import rushlight
from rushlight import nn, safetensors

FLOATS = ["float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int64", "int32", "int16", "int8", "uint8", "bool"]


def file_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_tensors_of_every_dtype_return(tmp_path):
    path = tmp_path / "a.safetensors"
    tensors = {d: rushlight.tensor([[0, 1], [2, 3]]).to(getattr(rushlight, d)) for d in DTYPES}
    tensors["empty"] = rushlight.zeros(0, 3)
    tensors["scalar"] = rushlight.tensor(2.5)
    tensors["turned"] = rushlight.arange(6.0).view(2, 3).t()
    safetensors.save_file(tensors, path, metadata={"made by": "a test"})
    loaded = safetensors.load_file(path)
    assert set(loaded) == set(tensors)
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert tuple(loaded[name].shape) == tuple(tensor.shape)
        assert loaded[name].tolist() == tensor.tolist()
    with safetensors.safe_open(path, framework="pt") as file:
        assert file.metadata() == {"made by": "a test"}
        assert file.get_tensor("scalar").item() == 2.5
        assert file.get_slice("turned")[1:].tolist() == tensors["turned"][1:].tolist()


def test_bytes_return():
    data = safetensors.save({"a": rushlight.ones(2)})
    assert safetensors.load(data)["a"].tolist() == [1, 1]


def test_wide_elements_come_first_and_are_aligned():
    data = safetensors.save({"a": rushlight.ones(1, dtype=rushlight.int8), "b": rushlight.ones(1)})
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0 and list(header) == ["b", "a"]


def test_modules_with_tied_weights(tmp_path):
    path = tmp_path / "a.safetensors"
    one = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    one[1].weight = one[0].weight
    safetensors.save_model(one, path)
    assert "1.weight" not in safetensors.load_file(path)
    two = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    safetensors.load_model(two, path)
    assert two[1].weight.tolist() == one[0].weight.tolist()


@pytest.mark.parametrize(
    "content, text",
    [
        (b"", "no safetensors"),
        (b"\xff" * 16, "no safetensors"),
        (file_of(b"{"), "no JSON"),
        (file_of(b"[" * 5000), "no JSON"),
        (file_of(b"[]"), "no JSON object"),
        (file_of(b'{"a": 1, "a": 2}'), "twice"),
        (file_of({"a": 1}), "should have"),
        (file_of({"a": entry("F8")}, b"\0" * 4), "not known here"),
        (file_of({"a": entry(shape=[-1])}, b"\0" * 4), "lists of sizes"),
        (file_of({"a": entry(shape=[2])}, b"\0" * 4), "does not fill"),
        (file_of({"a": entry(offsets=(4, 8))}, b"\0" * 8), "expected 0"),
        (file_of({"a": entry(), "b": entry()}, b"\0" * 4), "expected 4"),
        (file_of({"a": entry()}, b"\0" * 5), "describes 4 bytes"),
        (file_of({"a": entry()}, b"\0" * 3), "describes 4 bytes"),
        (file_of({"a": entry(shape=[2**40, 2**40])}), "does not fill"),
    ],
)
def test_damaged_files_are_refused(content, text):
    with pytest.raises(rushlight.IoError, match=text):
        safetensors.load(content)


def test_wrong_arguments_say_what_is_right(tmp_path):
    with pytest.raises(ValueError, match="not a tensor"):
        safetensors.save({"a": 1})
    with pytest.raises(ValueError, match="name"):
        safetensors.save({"__metadata__": rushlight.ones(1)})
    with pytest.raises(TypeError, match="texts"):
        safetensors.save({}, metadata={"a": 1})
    with pytest.raises(RuntimeError, match="CPU"):
        safetensors.load_file(tmp_path / "a", device="cuda")
