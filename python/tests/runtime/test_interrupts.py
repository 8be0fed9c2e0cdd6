"""Ctrl-C ends long work in C++, and leaves nothing half done."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import rushlight as torch
from rushlight import _C


class Stop(Exception):
    pass


@pytest.fixture
def interrupt_soon():
    """Sends SIGINT to this process after so many seconds; the handler raises Stop."""
    timers = []

    def stop(*_):
        raise Stop

    def start(seconds):
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
        timers.append(timer)
        timer.start()

    before = signal.signal(signal.SIGINT, stop)
    yield start
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGINT, before)


def slow_work(x):
    """An op of C++ that takes seconds on this many elements."""
    return torch.lgamma(x)


@pytest.fixture(scope="module")
def much():
    """So many elements that slow_work() takes a second or more."""
    x, count = torch.rand(1 << 20), 1 << 20
    begin = time.perf_counter()
    slow_work(x)
    count = int(count * 1.5 / (time.perf_counter() - begin))
    return torch.rand(min(count, 1 << 27))


def test_a_long_op_stops(interrupt_soon, much):
    bytes_before = _C._memory()["allocated"]
    interrupt_soon(0.2)
    begin = time.perf_counter()
    with pytest.raises(Stop):
        slow_work(much)
        pytest.skip("this machine is too fast for the test")
    assert time.perf_counter() - begin < 1.2
    assert _C._memory()["allocated"] == bytes_before  # what was half done is gone
    assert torch.ones(3).sum().item() == 3


def test_a_large_product_stops(interrupt_soon):
    a = torch.ones(5120, 5120)
    begin = time.perf_counter()
    finished_after = float("inf")
    interrupt_soon(0.1)
    with pytest.raises(Stop):
        a @ a
        finished_after = time.perf_counter() - begin
        time.sleep(1)
    if finished_after < 0.5:
        pytest.skip("this machine is too fast for the test")
    assert finished_after == float("inf")


def test_an_op_in_place_is_done_first(interrupt_soon, much):
    x = much.clone()
    interrupt_soon(0.2)
    with pytest.raises(Stop):
        x.lgamma_()
        time.sleep(1)
    assert torch.equal(x[-1000:], slow_work(much[-1000:]))


def test_control_c_is_keyboard_interrupt_in_a_loop():
    program = (
        "import os, signal, threading, rushlight as torch\n"
        "x = torch.ones(1000)\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    while True:\n"
        "        x = torch.mul(x, 1.0)\n"
        "except KeyboardInterrupt: print('stopped', x.sum().item())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "stopped 1000.0", run.stderr
