"""tensor(), as_tensor() and kin: shapes, dtypes, refusals."""

import numpy as np
import pytest
import rushlight as torch


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, "int64", ()),
        (2.5, "float32", ()),
        (True, "bool", ()),
        ([], "float32", (0,)),
        ([[], []], "float32", (2, 0)),
        ([1, 2.5], "float32", (2,)),
        ([True, 2], "int64", (2,)),
        ([[1, 2], (3, 4)], "int64", (2, 2)),
        (range(3), "int64", (3,)),
        ([np.float64(1), 2], "float64", (2,)),
        (np.float64(1), "float64", ()),
        (np.ones((2, 3), np.int16), "int16", (2, 3)),
        ([np.ones(2), np.zeros(2)], "float64", (2, 2)),
        ([torch.tensor(1), 2.5], "float32", (2,)),
    ],
    ids=repr,
)
def test_dtype_and_shape_of_data(data, dtype, shape):
    tensor = torch.tensor(data)
    assert tensor.dtype == getattr(torch, dtype)
    assert tensor.shape == shape


def test_options():
    tensor = torch.tensor([1, 2], dtype=torch.float64, device="cpu", requires_grad=True)
    assert tensor.dtype == torch.float64 and tensor.requires_grad and tensor.is_leaf
    assert torch.tensor([2**62 + 1]).item() == 2**62 + 1
    assert torch.tensor(2**64, dtype=torch.float32).item() == 2.0**64
    with pytest.raises(RuntimeError, match="cuda"):
        torch.tensor(1, device="cuda")


def test_default_dtype():
    try:
        torch.set_default_dtype(torch.float64)
        assert torch.tensor(1.5).dtype == torch.float64 == torch.get_default_dtype()
        assert torch.Tensor([1]).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    with pytest.raises(TypeError, match="floating"):
        torch.set_default_dtype(torch.int64)


@pytest.mark.parametrize(
    "data",
    ["a", None, [1, None], [[1, 2], [3]], [1, [2]], [[1], 2], {1, 2}, b"ab", object()],
    ids=repr,
)
def test_refusals(data):
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        torch.tensor(data)


def test_deep_nesting_is_refused():
    data = []
    for _ in range(5000):
        data = [data]
    with pytest.raises(ValueError, match="dimensions"):
        torch.tensor(data)


def test_copies_and_sharing():
    array = np.zeros(2)
    torch.tensor(array)[0] = 1
    assert array[0] == 0
    torch.as_tensor(array)[0] = 1
    assert array[0] == 1
    torch.as_tensor(array, dtype=torch.float32)[0] = 2
    assert array[0] == 1
    tensor = torch.ones(2)
    assert torch.as_tensor(tensor).data_ptr() == tensor.data_ptr()
    assert torch.asarray(tensor, copy=True).data_ptr() != tensor.data_ptr()
    with pytest.warns(UserWarning, match="clone"):
        assert torch.tensor(tensor).data_ptr() != tensor.data_ptr()


def test_detach_is_a_tensor_of_its_own():
    tensor = torch.ones(2)
    tensor.detach().requires_grad_()
    assert not tensor.requires_grad
    torch.nn.Parameter(tensor)
    assert not tensor.requires_grad


def test_kinds_of_tensors():
    assert isinstance(torch.ones(1), torch.FloatTensor)
    assert not isinstance(torch.ones(1), torch.LongTensor)
    assert torch.LongTensor([1, 2]).dtype == torch.int64
    assert torch.FloatTensor(2, 3).shape == (2, 3)
    assert torch.typename(torch.ones(1)).endswith(".FloatTensor")
    assert torch.float is torch.float32 and torch.long is torch.int64


def test_long_lists_are_fast_enough_to_be_used():
    data = list(range(200_000))
    assert torch.tensor(data).sum().item() == sum(data)
    assert torch.tensor([float(v) for v in data]).shape == (200_000,)


def test_subclasses():
    class Named(torch.Tensor):
        """A tensor with a name."""

        def __new__(cls, data, name):
            made = super().__new__(cls, data)
            made.name = name
            return made

        def __init__(self, data, name):
            pass

    tensor = Named([1.0, 2.0], "x")
    assert tensor.name == "x" and isinstance(tensor, torch.Tensor)
    assert (tensor + 1).tolist() == [2, 3]
    assert repr(tensor) == "Named([1., 2.])"
    assert torch.ones(2).as_subclass(Named).shape == (2,)
