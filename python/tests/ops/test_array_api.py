"""rushlight.array_api follows the array API standard where that differs from PyTorch."""

import inspect
import math

import numpy as np
import pytest
import rushlight as torch
from rushlight import array_api as xp


def test_a_tensor_names_its_namespace():
    x = torch.ones(2)
    assert x.__array_namespace__() is xp
    assert x.__array_namespace__(api_version="2023.12") is xp
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError, match=r"2031\.12"):
        x.__array_namespace__(api_version="2031.12")


def test_info_tells_what_is_absent():
    info = xp.__array_namespace_info__()
    assert info.dtypes(kind="complex floating") == {}
    assert info.dtypes(kind="unsigned integer") == {"uint8": torch.uint8}
    assert len(info.dtypes()) == 8
    assert info.default_dtypes()["real floating"] == torch.float32
    assert info.capabilities()["max dimensions"] == 12
    assert info.devices() == (info.default_device(),)
    with pytest.raises(ValueError, match="unknown kind"):
        info.dtypes(kind="quaternion")
    for absent in ("fft", "imag", "complex64", "uint16"):
        assert not hasattr(xp, absent)
    assert not hasattr(xp.linalg, "eig")


def test_arrays_without_dimensions_take_part_in_promotion():
    x, wide = xp.ones(3, dtype=xp.float32), xp.asarray(2.0, dtype=xp.float64)
    assert xp.add(x, wide).dtype == xp.float64
    assert (x + wide).dtype == torch.float32  # PyTorch's rule stays PyTorch's
    assert xp.add(x, 2.5).dtype == xp.float32
    assert xp.result_type(xp.uint8, xp.int8, 7) == xp.int16
    assert xp.where(xp.asarray(True), x, wide).dtype == xp.float64


def test_kinds_and_casts():
    assert xp.isdtype(xp.uint8, "integral")
    assert xp.isdtype(xp.float32, ("bool", "real floating"))
    assert not xp.isdtype(xp.bool, "numeric")
    assert xp.can_cast(xp.float32, xp.float64)
    assert not xp.can_cast(xp.float64, xp.float32)
    x = xp.arange(3)
    assert xp.astype(x, xp.int64, copy=False) is x
    assert xp.astype(x, xp.int64) is not x
    assert xp.finfo(xp.ones(1)).dtype == xp.float32


def test_no_axes_means_each_element_by_itself():
    x = xp.asarray([[1.0, 2.0], [3.0, 4.0]])
    for reduce in (xp.sum, xp.prod, xp.max, xp.mean):
        assert reduce(x, axis=()).tolist() == x.tolist()
    assert xp.prod(x, axis=(0, 1), keepdims=True).tolist() == [[24.0]]
    assert xp.var(x).item() == 1.25  # divided by the count, not by one less
    assert xp.all(xp.asarray([2, 3], dtype=xp.uint8)).dtype == xp.bool


def test_special_values():
    inf, nan = xp.inf, xp.nan
    assert math.isnan(xp.sign(xp.asarray(nan)).item())
    assert xp.floor_divide(xp.asarray(inf), 2.0).item() == inf
    assert math.copysign(1, xp.remainder(xp.asarray(-0.0), 2.0).item()) == 1
    for function in (xp.sin, xp.expm1):
        assert math.copysign(1, function(xp.asarray(-0.0)).item()) == -1
    assert xp.cos(xp.zeros(9, dtype=xp.float64)).tolist() == [1.0] * 9


def test_making_arrays():
    assert xp.arange(3, 1).shape == (0,)
    assert xp.linspace(0, 1, 4, endpoint=False).tolist() == [0, 0.25, 0.5, 0.75]
    assert xp.eye(2, 3, k=1).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert xp.full(2, 7).dtype == xp.int64
    with pytest.raises(ValueError, match="copy=False"):
        xp.asarray([1, 2], copy=False)
    x = np.arange(3.0)
    assert xp.from_dlpack(x, copy=True).data_ptr() != x.ctypes.data
    assert xp.from_dlpack(x).data_ptr() == x.ctypes.data
    with pytest.raises(ValueError, match="cpu"):
        xp.from_dlpack(x, device="cuda")


def test_moving_elements():
    x = xp.reshape(xp.arange(6), (2, 3))
    assert xp.expand_dims(x, (0, -1)).shape == (1, 2, 3, 1)
    assert xp.concat([x, x], axis=None).shape == (12,)
    with pytest.raises(ValueError, match="size 2"):
        xp.squeeze(x, 0)
    assert xp.squeeze(x[:1], ()).shape == (1, 3)
    assert [part.tolist() for part in xp.unstack(x)] == [[0, 1, 2], [3, 4, 5]]
    copy = xp.reshape(x, (6,), copy=True)
    copy[0] = 9
    assert x[0, 0].item() == 0


def test_indices_count_from_the_end():
    x = xp.asarray([[1, 2, 3], [4, 5, 6]])
    assert xp.take(x, xp.asarray([-1, 0]), axis=1).tolist() == [[3, 1], [6, 4]]
    assert xp.take_along_axis(x, xp.asarray([[-1], [-3]])).tolist() == [[3], [4]]
    with pytest.raises(IndexError):
        xp.take_along_axis(x, xp.asarray([[-4]]))


def test_sets_tell_where_elements_are():
    found = xp.unique_all(xp.asarray([[3, 1], [1, 2]]))
    assert found.values.tolist() == [1, 2, 3]
    assert found.indices.tolist() == [1, 3, 0]
    assert found.inverse_indices.tolist() == [[2, 0], [0, 1]]
    assert found.counts.tolist() == [2, 1, 1]
    assert xp.isin(xp.asarray([1, 5]), 5, invert=True).tolist() == [True, False]


def test_running_sums_from_their_start():
    x = xp.asarray([1, 2, 3], dtype=xp.int8)
    assert xp.cumulative_sum(x, include_initial=True).tolist() == [0, 1, 3, 6]
    assert xp.cumulative_prod(x, include_initial=True).tolist() == [1, 1, 2, 6]
    assert xp.sum(x).dtype == xp.int64
    assert xp.sum(x, dtype=xp.int8).dtype == xp.int8
    with pytest.raises(ValueError, match="need an axis"):
        xp.cumulative_sum(xp.ones((2, 2)))


def test_linear_algebra():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((2, 4, 3))
    x = xp.asarray(a)
    tolerances = xp.asarray([1e-9, 0.5], dtype=xp.float64)
    want = np.linalg.pinv(a, rtol=np.array([1e-9, 0.5]))
    assert np.allclose(xp.linalg.pinv(x, rtol=tolerances).numpy(), want)
    assert xp.linalg.matrix_rank(x, rtol=tolerances).tolist() == [
        np.linalg.matrix_rank(a[0]),
        int((np.linalg.svd(a[1])[1] > 0.5 * np.linalg.svd(a[1])[1][0]).sum()),
    ]
    q, r = xp.linalg.qr(x)
    assert np.allclose((q @ r).numpy(), a)
    square = xp.asarray(rng.standard_normal((2, 3, 3)))
    vector = xp.ones(3, dtype=xp.float64)
    assert xp.linalg.solve(square, vector).shape == (2, 3)  # one vector, not matrices
    assert xp.vecdot(x, x, axis=-2).shape == (2, 3)
    with pytest.raises(ValueError, match="equally long"):
        xp.vecdot(xp.ones(1), xp.ones(3))
    assert xp.linalg.trace(square).shape == (2,)


@pytest.mark.parametrize("name", ["add", "clip", "sort", "take", "unique_all", "linspace"])
def test_functions_show_their_signatures_and_texts(name):
    function = getattr(xp, name)
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    assert kinds[0] == inspect.Parameter.POSITIONAL_ONLY
    assert function.__doc__.endswith(".")
