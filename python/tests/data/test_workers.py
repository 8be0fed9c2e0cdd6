"""Loaders with worker processes: equal results, errors that come through, nothing left behind."""

import gc
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import rushlight
from rushlight.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info


class Rows(Dataset):
    """Sample i is a row of equal numbers, too large for a pipe when there are many."""

    def __init__(self, count, width=3):
        self.count, self.width = count, width

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return rushlight.full((self.width,), float(index)), {"name": str(index), "size": index}


class Calls(Dataset):
    """Each sample is what a function gives for its number."""

    def __init__(self, function, count=4):
        self.function, self.count = function, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.function(index)


class Shared(IterableDataset):
    """Numbers below a bound, shared out among the workers."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = get_worker_info()
        return iter(range(info.id, self.count, info.num_workers))


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("width", [3, 20_000])
def test_batches_equal_those_without_workers(width):
    dataset = Rows(11, width)
    rushlight.manual_seed(1)
    alone = list(DataLoader(dataset, batch_size=4, shuffle=True))
    rushlight.manual_seed(1)
    together = list(DataLoader(dataset, batch_size=4, shuffle=True, num_workers=2))
    assert len(alone) == len(together) == 3
    for (x, names), (y, others) in zip(alone, together):
        assert x.shape == y.shape
        assert bool((x == y).all())
        assert names["name"] == others["name"]
        assert names["size"].tolist() == others["size"].tolist()
    together[0][0].zero_()
    assert together[0][0].abs().sum().item() == 0.0


def test_every_kind_of_tensor_comes_through():
    values = [
        rushlight.tensor([1.5, -2.0]).bfloat16(),
        rushlight.tensor([1.5, -2.0]).half(),
        rushlight.tensor([True, False]),
        rushlight.arange(6).reshape(2, 3).t(),
        rushlight.tensor(3.0),
        rushlight.zeros(0, 4),
    ]
    loader = DataLoader(Calls(values.__getitem__, len(values)), batch_size=None, num_workers=1)
    for value, got in zip(values, loader):
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert got.float().tolist() == value.float().tolist()


def test_workers_draw_pytorchs_random_numbers():
    rushlight.manual_seed(5)
    loader = DataLoader(Calls(lambda i: rushlight.rand(1).item()), num_workers=2)
    expected = [0.7106006741523743, 0.2905186414718628, 0.34830594062805176, 0.5857152342796326]
    assert [batch.item() for batch in loader] == expected


def test_workers_have_seeds_of_their_own():
    def draw(index):
        info = get_worker_info()
        return info.id, info.seed, random.random(), np.random.rand()

    generator = rushlight.Generator()
    generator.manual_seed(2)
    options = {"num_workers": 2, "batch_size": None, "generator": generator}
    loader = DataLoader(Calls(draw), **options)
    first = list(loader)
    assert [one[0] for one in first] == [0, 1, 0, 1]
    assert first[1][1] == first[0][1] + 1
    assert len({one[2] for one in first}) == len({one[3] for one in first}) == 4
    generator.manual_seed(2)
    assert list(DataLoader(Calls(draw), **options)) == first
    assert get_worker_info() is None


def test_iterable_sets_are_shared_out():
    loader = DataLoader(Shared(11), batch_size=2, num_workers=2)
    expected = [[0, 2], [1, 3], [4, 6], [5, 7], [8, 10], [9]]
    assert [batch.tolist() for batch in loader] == expected


def test_persistent_workers_serve_several_passes():
    loader = DataLoader(
        Calls(lambda i: os.getpid(), 6), num_workers=2, persistent_workers=True, batch_size=None
    )
    first = set(loader)
    assert len(first) == 2
    next(iter(loader))  # a pass that is left early
    assert set(loader) == first
    shared = DataLoader(Shared(5), num_workers=2, persistent_workers=True)
    for _ in range(2):
        assert sorted(batch.item() for batch in shared) == [0, 1, 2, 3, 4]


def test_batches_may_come_as_they_are_ready():
    def slow_first(index):
        time.sleep(0.5 if index == 0 else 0.0)
        return index

    loader = DataLoader(Calls(slow_first, 6), num_workers=2, batch_size=None, in_order=False)
    seen = list(loader)
    assert sorted(seen) == [0, 1, 2, 3, 4, 5]
    assert seen[0] != 0


def test_init_functions_run_in_each_worker():
    def init(number):
        os.environ["WORKER_NUMBER"] = str(number)

    loader = DataLoader(
        Calls(lambda i: os.environ["WORKER_NUMBER"]),
        num_workers=2,
        batch_size=None,
        worker_init_fn=init,
    )
    assert list(loader) == ["0", "1", "0", "1"]


class Unprintable(Exception):
    def __init__(self, first, second):
        super().__init__(first, second)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("bad sample 1"), ValueError),
        (KeyError("bad sample 1"), KeyError),
        (Unprintable("bad sample 1", 2), RuntimeError),
    ],
)
def test_errors_come_through_with_their_traceback(error, kind):
    def fail(index):
        if index == 1:
            raise error
        return index

    loader = iter(DataLoader(Calls(fail), num_workers=2))
    assert next(loader).item() == 0
    with pytest.raises(kind) as caught:
        next(loader)
    text = str(caught.value)
    assert f"Caught {type(error).__name__} in DataLoader worker process 1" in text
    assert "Traceback (most recent call last)" in text
    assert "raise error" in text
    assert "bad sample 1" in text
    assert next(loader).item() == 2


def test_errors_of_init_functions_and_of_pickling_come_through():
    def fail(number):
        raise ValueError("no disk")

    with pytest.raises(ValueError, match="no disk"):
        list(DataLoader(range(4), num_workers=1, worker_init_fn=fail))
    with pytest.raises(Exception, match="pickle"):
        list(DataLoader(Calls(lambda i: lambda: i), num_workers=1, batch_size=None))


def test_a_worker_that_is_killed_is_named():
    loader = iter(DataLoader(Calls(lambda i: i, 100), num_workers=2))
    next(loader)
    pid = loader._workers[1].process.pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=rf"DataLoader worker \(pid {pid}\) is killed by signal"):
        list(loader)


def test_a_worker_that_exits_is_named():
    loader = DataLoader(Calls(lambda i: os._exit(3)), num_workers=1)
    with pytest.raises(RuntimeError, match="exited unexpectedly, with exit code 3"):
        list(loader)


def test_a_worker_that_takes_too_long_is_not_waited_for():
    loader = DataLoader(Calls(lambda i: time.sleep(30)), num_workers=1, timeout=0.2)
    iterator = iter(loader)
    with pytest.raises(RuntimeError, match="timed out after 0.2 seconds"):
        next(iterator)
    pid = iterator._workers[0].process.pid
    os.kill(pid, signal.SIGKILL)


def test_workers_end_with_the_pass_or_the_iterator():
    loader = DataLoader(Calls(lambda i: os.getpid()), num_workers=2, batch_size=None)
    pids = set(loader)
    wait_until(lambda: not any(map(is_alive, pids)))
    iterator = iter(loader)
    pids = {next(iterator), next(iterator)}
    assert all(map(is_alive, pids))
    del iterator
    gc.collect()
    wait_until(lambda: not any(map(is_alive, pids)))


PROGRAM = """
import os, sys, time
import rushlight
from rushlight.utils.data import DataLoader, Dataset

class Pids(Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, index):
        time.sleep(0.05)
        return os.getpid()

for pid in DataLoader(Pids(), batch_size=None, num_workers=2):
    print(pid, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_the_program_is_stopped(number):
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = {int(program.stdout.readline()) for _ in range(4)}
    assert len(pids) == 2
    if number == signal.SIGINT:
        os.killpg(program.pid, number)  # as Ctrl-C does
    else:
        program.kill()
    _, errors = program.communicate(timeout=20)
    assert program.returncode != 0
    wait_until(lambda: not any(map(is_alive, pids)))
    assert errors.count("KeyboardInterrupt") <= 1


def test_more_workers_than_processors_are_warned_of():
    with pytest.warns(UserWarning, match="will create 10000 worker processes"):
        DataLoader(range(3), num_workers=10_000)
