"""What `save` writes, `load` reads back; files stay whole."""

import io
import os
import pickle
import stat
import zipfile
from collections import Counter, OrderedDict

import pytest
import rushlight
from rushlight import nn, serialization

FLOATS = ["float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int64", "int32", "int16", "int8", "uint8", "bool"]


def again(value, **options):
    buffer = io.BytesIO()
    serialization.save(value, buffer)
    buffer.seek(0)
    return serialization.load(buffer, **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weights_only", [True, False])
def test_tensors_of_every_dtype(dtype, weights_only):
    tensor = rushlight.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(rushlight, dtype))
    loaded = again(tensor, weights_only=weights_only)
    assert loaded.dtype == tensor.dtype
    assert loaded.tolist() == tensor.tolist()


def test_plain_values():
    value = {
        "list": [1, -(2**40), 2.5, None, True, "text é", b"bytes", bytearray(b"array"), 2 + 1j],
        ("a", "tuple"): {1, 2, 3},
        "ordered": OrderedDict(a=1, b=2),
        "counter": Counter("abca"),
        "nested": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}],
    }
    loaded = again(value)
    assert loaded == value
    assert [type(v) for v in loaded.values()] == [type(v) for v in value.values()]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickle(protocol):
    value = {"a": [1, 2.0, "x" * 300, b"y" * 300, bytearray(b"z")], "s": {1}, "f": frozenset([2])}
    buffer = io.BytesIO()
    serialization.save([value, rushlight.ones(2)], buffer, pickle_protocol=protocol)
    buffer.seek(0)
    loaded, tensor = serialization.load(buffer)
    assert loaded == value and tensor.tolist() == [1, 1]


def test_sizes_dtypes_and_devices():
    size, dtype, device = again([rushlight.Size((2, 3)), rushlight.int16, rushlight.device("cpu")])
    assert size == (2, 3) and isinstance(size, rushlight.Size)
    assert dtype is rushlight.int16
    assert str(device) == "cpu"


def test_views_share_memory_again():
    base = rushlight.arange(12.0)
    views = [base, base[2:5], base.view(3, 4).t(), base[:2].expand(3, 2)]
    loaded = again(views)
    for one, two in zip(views, loaded):
        assert one.tolist() == two.tolist()
        assert tuple(one.stride()) == tuple(two.stride())
    loaded[0][2] = 100.0
    assert loaded[1][0].item() == 100.0
    assert loaded[2].tolist()[2][0] == 100.0


def test_the_same_tensor_twice_is_one_tensor():
    tensor = rushlight.ones(2)
    one, two = again([tensor, tensor])
    assert one is two


def test_empty_and_zero_dimensional_tensors():
    empty, scalar = again([rushlight.zeros(0, 3), rushlight.tensor(4)])
    assert tuple(empty.shape) == (0, 3)
    assert scalar.item() == 4 and scalar.ndim == 0


def test_requires_grad_and_parameters_return_as_leaves():
    weight = nn.Parameter(rushlight.ones(2))
    frozen = nn.Parameter(rushlight.ones(2), requires_grad=False)
    result = weight * 2
    loaded = again([weight, frozen, result, rushlight.ones(1)])
    assert [t.requires_grad for t in loaded] == [True, False, True, False]
    assert [isinstance(t, nn.Parameter) for t in loaded] == [True, True, False, False]
    assert all(t.is_leaf for t in loaded)
    (loaded[0] * 3).sum().backward()
    assert loaded[0].grad.tolist() == [3, 3]


def test_attributes_of_tensors_return():
    tensor, weight = rushlight.ones(2), nn.Parameter(rushlight.ones(2))
    tensor.note, weight.note = "mine", [1, 2]
    loaded = again([tensor, weight])
    assert loaded[0].note == "mine" and loaded[1].note == [1, 2]


def test_bytes_are_aligned_little_endian_and_marked(tmp_path):
    path = tmp_path / "a.pt"
    serialization.save([rushlight.ones(3), rushlight.ones(5)], path)
    with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
        assert archive.testzip() is None
        assert archive.read("archive/byteorder") == b"little"
        assert archive.read("archive/version") == b"3\n"
        for entry in archive.infolist():
            stream.seek(entry.header_offset + 26)
            lengths = [int.from_bytes(stream.read(2), "little") for _ in range(2)]
            assert (entry.header_offset + 30 + sum(lengths)) % 64 == 0


def test_mapped_files_stay_as_they_are(tmp_path):
    path = tmp_path / "a.pt"
    serialization.save(rushlight.arange(1000.0), path)
    before = path.read_bytes()
    mapped = serialization.load(path, mmap=True)
    mapped += 1
    assert mapped[999].item() == 1000.0
    assert path.read_bytes() == before


def test_saving_replaces_a_file_in_one_step(tmp_path):
    path = tmp_path / "a.pt"
    serialization.save([1], path)
    os.chmod(path, 0o640)
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        serialization.save([2, lambda: None], path)
    assert serialization.load(path) == [1]
    serialization.save([3], path)
    assert serialization.load(path) == [3]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.pt"]


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.pt", tmp_path / "link.pt"
    real.write_bytes(b"old")
    link.symlink_to(real)
    serialization.save([1], link)
    assert link.is_symlink() and serialization.load(real) == [1]


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "a.pt"
    serialization.save([1], path)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        serialization.save([2], path)
    assert serialization.load(path) == [1] and os.listdir(tmp_path) == ["a.pt"]


def test_streams_without_seeking():
    class Pipe(io.RawIOBase):
        def __init__(self, content=b""):
            self.content = content

        def readable(self):
            return True

        writable = readable

        def write(self, data):
            self.content += bytes(data)
            return len(data)

        def readinto(self, out):
            n = min(len(out), len(self.content))
            out[:n], self.content = self.content[:n], self.content[n:]
            return n

    pipe = Pipe()
    serialization.save({"a": 1}, pipe)
    assert serialization.load(Pipe(pipe.content)) == {"a": 1}


def test_missing_files_are_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        serialization.load(tmp_path / "none.pt")
    with pytest.raises(rushlight.IoError, match="create it first"):
        serialization.save(1, tmp_path / "no" / "folder" / "a.pt")


def test_wrong_arguments_say_what_is_right():
    with pytest.raises(TypeError, match="binary mode, got int"):
        serialization.load(3)
    with pytest.raises(rushlight.IoError, match="mode 'wb'"):
        serialization.save(1, io.StringIO())
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        serialization.load(io.BytesIO(), map_location="cuda:0")
    with pytest.raises(ValueError, match="needs a path"):
        serialization.load(io.BytesIO(), mmap=True)


def test_map_location_takes_functions_and_devices():
    for location in ["cpu", rushlight.device("cpu"), lambda storage, place: storage, {"a": "cpu"}]:
        assert again(rushlight.ones(1), map_location=location).tolist() == [1]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.register_buffer("count", rushlight.zeros(1))

    def forward(self, x):
        return self.layer(x)


def test_whole_modules_are_the_users_choice():
    net, x = Net(), rushlight.ones(1, 2)
    with pytest.raises(serialization.UnsafeFileError, match="weights_only=False"):
        again(net)
    loaded = again(net, weights_only=False)
    assert isinstance(loaded, Net)
    assert loaded(x).tolist() == net(x).tolist()


def test_state_of_modules_and_optimisers():
    net = Net()
    optimiser = rushlight.optim.Adam(net.parameters())
    net(rushlight.ones(1, 2)).sum().backward()
    optimiser.step()
    loaded = again({"net": net.state_dict(), "optimiser": optimiser.state_dict()})
    other = Net()
    other.load_state_dict(loaded["net"])
    assert other.layer.weight.tolist() == net.layer.weight.tolist()
    new = rushlight.optim.Adam(other.parameters())
    new.load_state_dict(loaded["optimiser"])
    assert new.state_dict()["param_groups"] == optimiser.state_dict()["param_groups"]


class Safe:
    def __init__(self, value):
        self.value = value


def test_safe_globals_allow_classes():
    name = f"{__name__}.Safe"
    with pytest.raises(serialization.UnsafeFileError, match=r"add_safe_globals\(\[Safe\]\)"):
        again(Safe(3))
    with serialization.safe_globals([Safe]):
        assert again(Safe(3)).value == 3
        assert serialization.get_safe_globals() == [Safe]
    with pytest.raises(serialization.UnsafeFileError):
        again(Safe(3))
    serialization.add_safe_globals([(Safe, name)])
    assert again(Safe(3)).value == 3
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


def test_layers_can_be_allowed():
    with serialization.safe_globals([nn.Linear, nn.Sequential]):
        loaded = again(nn.Sequential(nn.Linear(2, 3)))
    assert loaded[0].weight.shape == (3, 2)
