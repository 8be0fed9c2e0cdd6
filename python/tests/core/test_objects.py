"""Tensors, sizes and dtypes as Python objects: copies, pickles, text, generators, settings."""

import copy
import gc
import pickle
import subprocess
import sys
import weakref

import pytest
import rushlight as torch


def test_copies():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.note = ["kept"]
    (x * 2).sum().backward()
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    assert shallow.data_ptr() == x.data_ptr() and shallow.note is x.note
    assert deep.data_ptr() != x.data_ptr() and deep.note == ["kept"] and deep.note is not x.note
    assert deep.requires_grad and deep.is_leaf and deep.grad.tolist() == [2, 2]
    one, two = copy.deepcopy([x, x])
    assert one is two
    with pytest.raises(RuntimeError, match="leaves"):
        copy.deepcopy(x * 2)
    parameter = torch.nn.Parameter(torch.ones(2))
    assert type(copy.copy(parameter)) is type(copy.deepcopy(parameter)) is torch.nn.Parameter
    transposed = torch.arange(6).reshape(2, 3).t()
    assert copy.deepcopy(transposed).stride() == transposed.stride()


@pytest.mark.parametrize("name", ["bool", "int64", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)], ids=str)
def test_pickles(name, shape):
    x = torch.ones(shape, dtype=getattr(torch, name))
    back = pickle.loads(pickle.dumps(x))
    assert back.dtype == x.dtype and back.shape == x.shape and back.tolist() == x.tolist()


def test_pickles_keep_what_belongs_to_a_tensor():
    x = torch.ones(2, requires_grad=True)
    x.note = "kept"
    back = pickle.loads(pickle.dumps(x))
    assert back.requires_grad and back.note == "kept"
    assert isinstance(pickle.loads(pickle.dumps(torch.nn.Parameter(x))), torch.nn.Parameter)
    for thing in (torch.float32, torch.Size([1, 2]), torch.device("cpu"), torch.strided):
        assert repr(pickle.loads(pickle.dumps(thing))) == repr(thing)
    with pytest.raises(RuntimeError):
        pickle.dumps(x * 2)


def test_objects_have_attributes_and_weak_references():
    x = torch.ones(2)
    x.name = "x"
    alive = weakref.ref(x)
    assert x.name == "x" and alive() is x and x.__dict__ == {"name": "x"}
    assert hash(x) == hash(x) and x in {x} and "sum" in dir(x)
    x.itself = x
    del x
    gc.collect()
    assert alive() is None


def test_sizes():
    size = torch.ones(2, 3).shape
    assert size == (2, 3) and size.numel() == 6 and hash(size) == hash((2, 3))
    for made in (size[:1], size + (4,), (4,) + size, size * 2):  # noqa: RUF005
        assert type(made) is torch.Size
    assert size[1] == 3 and torch.Size([torch.tensor(2)]) == (2,)
    with pytest.raises(TypeError, match="Size"):
        torch.Size(["a"])
    assert repr(size).endswith(".Size([2, 3])")


def test_text():
    assert repr(torch.tensor([1.0, 2.5])) == "tensor([1.0000, 2.5000])"
    assert str(torch.tensor([[1, -20]])) == "tensor([[  1, -20]])"
    assert repr(torch.tensor([], dtype=torch.int64)).startswith("tensor([], dtype=")
    assert repr(torch.ones(2, requires_grad=True) * 2).endswith("grad_fn=<MulBackward0>)")
    assert "..." in repr(torch.arange(2000)) and len(repr(torch.arange(2000))) < 100
    assert f"{torch.tensor(1.5):.2f}" == "1.50"
    assert torch.tensor([[1, 2], [3, 4]])._repr_html_().count("<td>") == 4
    torch.set_printoptions(precision=2)
    try:
        assert repr(torch.tensor([1.5])) == "tensor([1.50])"
    finally:
        torch.set_printoptions(profile="default")
    with pytest.raises(ValueError, match="profile"):
        torch.set_printoptions(profile="other")


def test_random_states():
    torch.manual_seed(5)
    assert torch.initial_seed() == 5
    state = torch.get_rng_state()
    first = torch.randn(3, dtype=torch.float64)
    with torch.random.fork_rng():
        torch.randn(10)
    middle = torch.get_rng_state()
    torch.set_rng_state(state)
    assert torch.randn(3, dtype=torch.float64).tolist() == first.tolist()
    assert torch.get_rng_state().tolist() == middle.tolist()
    generator = torch.Generator().manual_seed(5)
    twin = torch.Generator()
    twin.set_state(generator.get_state())
    assert torch.rand(2, generator=generator).tolist() == torch.rand(2, generator=twin).tolist()
    copied = pickle.loads(pickle.dumps(generator))
    assert torch.rand(2, generator=generator).tolist() == torch.rand(2, generator=copied).tolist()
    torch.manual_seed(-1)
    assert torch.initial_seed() == 2**64 - 1
    for bad in (torch.ones(3), torch.ones(5056), torch.zeros(5056, dtype=torch.uint8)):
        with pytest.raises((RuntimeError, TypeError)):
            torch.set_rng_state(bad)
    with pytest.raises(RuntimeError):
        torch.manual_seed(2**65)
    torch.seed()


def test_settings():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(threads)
    for bad in (0, -1):
        with pytest.raises(RuntimeError):
            torch.set_num_threads(bad)
    torch.use_deterministic_algorithms(True)
    assert torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    torch.set_float32_matmul_precision("highest")
    torch.set_default_device("cpu")
    with pytest.raises(RuntimeError, match="cuda"):
        torch.set_default_device("cuda")
    assert torch.finfo(torch.float32).eps == 2.0**-23 and torch.iinfo(torch.int8).max == 127
    for wrong, dtype in ((torch.finfo, torch.int8), (torch.iinfo, torch.float32)):
        with pytest.raises(TypeError):
            wrong(dtype)


def test_every_name_of_the_namespace_can_be_had():
    for name in dir(torch):
        assert getattr(torch, name) is not None or name == "newaxis", name
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        print(torch.nothing_of_the_kind)


def test_nothing_is_left_at_the_end():
    program = """
import rushlight as torch
from rushlight.autograd import Function
class Double(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(ctx, g):
        return g * 2
x = torch.ones(3, requires_grad=True)
x.register_hook(lambda g: g)
y = Double.apply(x)
y.register_hook(lambda g: None)
y.sum().backward()
f = torch.compile(lambda v: v.sin())
for _ in range(3):
    f(torch.ones(2))
kept = Double.apply(x)
generator = torch.Generator()
array = torch.ones(3).numpy()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_conversions_that_change_nothing_give_the_same_object():
    x = torch.ones(2)
    assert x.to(torch.float32) is x
    assert x.to("cpu") is x
    assert x.to(torch.ones(1)) is x
    assert x.float() is x
    assert x.type_as(x) is x
    assert x.type(torch.float32) is x
    assert torch.as_tensor(x) is x
    assert torch.asarray(x) is x
    assert x.to(torch.float32, copy=True) is not x
    assert x.double() is not x
    parameter = torch.nn.Parameter(x)
    assert parameter.to(torch.float32) is parameter
