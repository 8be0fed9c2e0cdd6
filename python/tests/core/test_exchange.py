"""Tensors over the memory of arrays and buffers, and arrays over the memory of tensors."""

import gc
import pickle
import weakref

import numpy as np
import pytest
import rushlight as torch

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("name", DTYPES)
def test_memory_is_shared_both_ways(name):
    array = np.arange(6).reshape(2, 3).astype(name)
    tensor = torch.from_numpy(array)
    assert tensor.dtype == getattr(torch, name) and tensor.tolist() == array.tolist()
    array[0, 1] = 0
    assert tensor[0, 1].item() == 0
    tensor[1, 2] = 1
    assert array[1, 2] == 1
    back = tensor.numpy()
    assert back.dtype == array.dtype
    assert back.__array_interface__["data"][0] == array.__array_interface__["data"][0]


def test_strides_are_kept():
    array = np.arange(24.0).reshape(2, 3, 4)
    for view in (array.T, array[:, ::2], array[..., 1], array[1:], array[:0], array[0, 0, 0:1]):
        tensor = torch.from_numpy(view)
        assert tensor.tolist() == view.tolist()
        np.testing.assert_array_equal(tensor.numpy(), view)
    tensor = torch.arange(6.0).reshape(2, 3).t()
    assert tensor.numpy().strides == (4, 12)


def test_owners_live_as_long_as_needed():
    class Array(np.ndarray):
        """An array that can be referred to weakly."""

    array = np.zeros(3).view(Array)
    alive = weakref.ref(array)
    tensor = torch.from_numpy(array)
    part = tensor[1:]
    del array, tensor
    gc.collect()
    assert alive() is not None and part.sum().item() == 0
    del part
    gc.collect()
    assert alive() is None

    made = torch.ones(1000).numpy()
    gc.collect()
    assert made.sum() == 1000


def test_what_cannot_be_shared():
    with pytest.raises(ValueError, match="negative stride"):
        torch.from_numpy(np.arange(3.0)[::-1])
    with pytest.raises(ValueError, match="order"):
        torch.from_numpy(np.ones(3, dtype=">f4"))
    assert torch.tensor(np.arange(3)[::-1]).tolist() == [2, 1, 0]
    assert torch.as_tensor(np.ones(3, dtype=">f4")).tolist() == [1, 1, 1]
    for bad in (np.array(["a"]), np.ones(2, complex), np.ones(2, np.uint32), np.array([None])):
        with pytest.raises(TypeError, match="can't convert np.ndarray"):
            torch.from_numpy(bad)
    with pytest.raises(TypeError, match="expected np.ndarray"):
        torch.from_numpy([1.0])
    with pytest.raises(RuntimeError, match="detach"):
        torch.ones(2, requires_grad=True).numpy()
    with pytest.raises(TypeError, match="bfloat16"):
        torch.ones(2, dtype=torch.bfloat16).numpy()
    assert torch.ones(2, requires_grad=True).numpy(force=True).tolist() == [1, 1]


def test_numpy_functions_take_tensors():
    tensor = torch.arange(4.0)
    assert np.asarray(tensor).dtype == np.float32
    assert np.asarray(tensor, dtype=np.int64).tolist() == [0, 1, 2, 3]
    assert np.mean(tensor.numpy()) == 1.5
    assert np.array(tensor) is not tensor.numpy()
    assert isinstance(np.sqrt(tensor), torch.Tensor) and np.sqrt(tensor)[1].item() == 1
    copied = np.array(tensor)
    copied[0] = 9
    assert tensor[0].item() == 0


def test_mixed_operands():
    tensor, array = torch.ones(3), np.arange(3.0)
    for result in (tensor + array, array + tensor):
        assert isinstance(result, torch.Tensor)
        assert result.dtype == torch.float64 and result.tolist() == [1, 2, 3]
    assert (array - tensor).tolist() == [-1, 0, 1]
    assert (tensor * np.float32(2)).dtype == torch.float32
    assert (np.float64(2) * tensor).tolist() == [2, 2, 2]
    assert (tensor == array).tolist() == [False, True, False]
    assert (torch.ones(2, 2, dtype=torch.float64) @ np.ones((2, 1))).tolist() == [[2], [2]]
    tensor += np.ones(3, np.float32)
    assert tensor.tolist() == [2, 2, 2]


def test_frombuffer():
    data = bytearray(np.arange(4, dtype=np.float32).tobytes())
    tensor = torch.frombuffer(data, dtype=torch.float32)
    assert tensor.tolist() == [0, 1, 2, 3]
    tensor[0] = 5
    assert np.frombuffer(data, np.float32)[0] == 5
    assert torch.frombuffer(data, dtype=torch.float32, count=2, offset=4).tolist() == [1, 2]
    for options in ({"offset": 16}, {"count": 5}, {"offset": 1}, {"offset": -1}, {"count": 0}):
        with pytest.raises(ValueError, match="frombuffer"):
            torch.frombuffer(data, dtype=torch.float32, **options)
    with pytest.raises(ValueError, match="buffer"):
        torch.frombuffer(3, dtype=torch.float32)


def test_dlpack():
    tensor = torch.arange(6).reshape(2, 3).t()
    array = np.from_dlpack(tensor)
    assert array.tolist() == tensor.tolist()
    array = np.arange(3.0)
    shared = torch.from_dlpack(array)
    array[0] = 7
    assert shared[0].item() == 7
    again = torch.from_dlpack(tensor.__dlpack__())
    assert again.data_ptr() == tensor.data_ptr() and again.stride() == tensor.stride()
    assert tensor.__dlpack_device__() == (1, 0)
    with pytest.raises(RuntimeError):
        torch.ones(2, requires_grad=True).__dlpack__()
    capsule = tensor.__dlpack__()
    torch.from_dlpack(capsule)
    with pytest.raises(ValueError):  # used up
        torch.from_dlpack(capsule)


def test_read_only_arrays_are_warned_about_once():
    array = np.arange(3.0)
    array.flags.writeable = False
    assert torch.tensor(array).tolist() == [0, 1, 2]  # a copy: nothing to say
    with pytest.warns(UserWarning, match="not writable"):
        torch.from_numpy(array)
    torch.from_numpy(array)


def test_large_arrays_keep_their_bits():
    array = np.random.default_rng(0).standard_normal(1 << 16).astype(np.float32)
    tensor = pickle.loads(pickle.dumps(torch.from_numpy(array)))
    assert tensor.numpy().tobytes() == array.tobytes()
