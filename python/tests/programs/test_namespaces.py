"""The small namespaces that programs ask for: answers, switches, and what does nothing."""

import warnings

import pytest
import rushlight
from rushlight import amp, backends, cuda, distributed, jit, multiprocessing, nn, testing


def test_cuda_answers_that_there_is_none():
    assert not cuda.is_available() and cuda.device_count() == 0
    assert cuda.memory_allocated() == 0 and cuda.get_rng_state_all() == []
    cuda.manual_seed_all(1)
    cuda.empty_cache()
    with cuda.device(0):
        pass
    for name in ["synchronize", "current_device", "Event", "get_device_name"]:
        with pytest.raises(RuntimeError, match="is_available"):
            getattr(cuda, name)()


def test_every_name_of_cuda_is_there():
    assert all(hasattr(cuda, name) for name in cuda.__all__)
    assert all(hasattr(distributed, name) for name in distributed.__all__)


def test_backends_keep_their_switches():
    before = backends.cudnn.deterministic
    backends.cudnn.deterministic = True
    assert backends.cudnn.deterministic
    backends.cudnn.deterministic = before
    backends.cuda.matmul.allow_tf32 = True
    assert not backends.mps.is_available() and not backends.cudnn.is_available()
    with backends.cuda.sdp_kernel(enable_flash=False), backends.cudnn.flags(enabled=True):
        pass


def test_distributed_says_that_there_is_one_process():
    assert not distributed.is_available() and not distributed.is_initialized()
    with pytest.raises(RuntimeError, match="one process"):
        distributed.init_process_group("nccl")
    with pytest.raises(RuntimeError, match="one process"):
        nn.parallel.DistributedDataParallel(nn.Linear(1, 1))


def test_data_parallel_calls_the_module():
    net = nn.Linear(2, 1)
    parallel = nn.parallel.DataParallel(net)
    x = rushlight.ones(1, 2)
    assert parallel(x).tolist() == net(x).tolist()
    assert list(parallel.state_dict()) == ["module.weight", "module.bias"]


def test_autocast_as_block_and_decorator():
    x = rushlight.ones(4, 4)
    with amp.autocast("cpu"):
        assert (x @ x).dtype == rushlight.bfloat16
        with amp.autocast("cpu", enabled=False):
            assert (x @ x).dtype == rushlight.float32
    assert (x @ x).dtype == rushlight.float32

    @amp.autocast("cpu", dtype=rushlight.float16)
    def product():
        return x @ x

    assert product().dtype == rushlight.float16
    with amp.autocast("cuda"):
        assert (x @ x).dtype == rushlight.float32


def test_autocast_ends_with_an_error():
    x = rushlight.ones(2, 2)
    with pytest.raises(KeyError), amp.autocast("cpu"):
        raise KeyError
    assert (x @ x).dtype == rushlight.float32


def test_autocast_refuses_other_types():
    with pytest.raises(ValueError, match="text like 'cpu'"):
        amp.autocast(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with amp.autocast("cpu", dtype=rushlight.float64):
            pass
    assert "bfloat16 and float16" in str(caught[0].message)


def test_the_scaler_changes_nothing():
    weight = nn.Parameter(rushlight.ones(1))
    optimiser = rushlight.optim.SGD([weight], lr=0.5)
    scaler = cuda.amp.GradScaler(enabled=True)
    scaler.scale((weight * 2).sum()).backward()
    scaler.unscale_(optimiser)
    scaler.step(optimiser)
    scaler.update()
    assert weight.item() == 0
    assert scaler.get_scale() == 1.0 and scaler.state_dict() == {}


def test_jit_gives_back_what_it_gets():
    net = nn.Linear(2, 1)
    assert jit.script(net) is net
    assert jit.trace(net, rushlight.ones(1, 2)) is net
    assert jit.ignore(len) is len and jit.ignore(drop=True)(len) is len
    assert not jit.is_scripting()


def test_spawn_runs_processes():
    multiprocessing.spawn(_exit_if, args=(5,), nprocs=2, start_method="fork")
    with pytest.raises(RuntimeError, match="process 1 of 2"):
        multiprocessing.spawn(_exit_if, args=(1,), nprocs=2, start_method="fork")


def _exit_if(index, wanted):
    if index == wanted:
        raise SystemExit(1)


def test_close_tensors():
    one = rushlight.tensor([1.0, 2.0])
    testing.assert_close(one, one + 1e-6)
    testing.assert_close({"a": [one, 1]}, {"a": [one, 1]})
    testing.assert_close(1.0, 1.0 + 1e-9)
    testing.assert_close(one, one + 0.1, rtol=0, atol=0.2)
    nan = rushlight.tensor([float("nan")])
    testing.assert_close(nan, nan, equal_nan=True)
    testing.assert_close(one, one.double(), check_dtype=False)


@pytest.mark.parametrize(
    "actual, expected, text",
    [
        ([1.0, 2.0], [1.0, 3.0], r"Mismatched elements: 1 / 2 \(50.0%\)"),
        ([1.0, 2.0], [1.0, 3.0], r"absolute difference: 1.0 at index \(1,\)"),
        ([1.0], [1.0, 1.0], "'shape' do not match"),
        ([1], [2], "not equal"),
        ([1.0], [1], "'dtype' do not match"),
        (1.0, 2.0, "Expected 2.0 but got 1.0"),
    ],
)
def test_differences_are_described(actual, expected, text):
    if isinstance(actual, list):
        actual, expected = rushlight.tensor(actual), rushlight.tensor(expected)
    with pytest.raises(AssertionError, match=text):
        testing.assert_close(actual, expected)


def test_differences_in_containers_say_where():
    one, two = rushlight.ones(2), rushlight.zeros(2)
    with pytest.raises(AssertionError, match=r"item \['a'\]\[1\]"):
        testing.assert_close({"a": [one, one]}, {"a": [one, two]})
    with pytest.raises(AssertionError, match="keys of the mappings"):
        testing.assert_close({"a": one}, {"b": one})
    with pytest.raises(AssertionError, match="mine"):
        testing.assert_close(one, two, msg=lambda text: f"mine: {text}")
    with pytest.raises(TypeError, match="two tensors"):
        testing.assert_close(one, "text")
    with pytest.raises(ValueError, match="both rtol and atol"):
        testing.assert_close(one, one, rtol=1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int64", "uint8", "bool"])
def test_made_tensors(dtype):
    dtype = getattr(rushlight, dtype)
    tensor = testing.make_tensor(3, 4, dtype=dtype)
    assert tuple(tensor.shape) == (3, 4) and tensor.dtype == dtype
    turned = testing.make_tensor((3, 4), dtype=dtype, noncontiguous=True)
    assert not turned.is_contiguous() and tuple(turned.shape) == (3, 4)
    if dtype != rushlight.bool:
        near = testing.make_tensor(50, dtype=dtype, low=0, high=2, exclude_zero=True)
        assert (near != 0).all() and (near < 2).all()


@pytest.mark.parametrize(
    "move",
    [
        lambda x: rushlight.roll(x, 1, 1),
        lambda x: rushlight.roll(x, 0, 0),
        lambda x: x.repeat(1, 1),
        lambda x: x.tile(1, 1),
        lambda x: x.repeat_interleave(1, 0),
        lambda x: x.rot90(0),
    ],
)
def test_what_is_moved_nowhere_is_a_copy(move):
    x = rushlight.zeros(3, 1)
    move(x)[:, 0] = 5
    assert x.tolist() == [[0], [0], [0]]
