"""Forked children compute, whatever their parent did with threads before."""

import multiprocessing
import os
import threading

import pytest
import rushlight as torch

SIZE = 512

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def work():
    """What takes several threads where there are several: a product by oneDNN, and a sum."""
    a = torch.arange(SIZE * SIZE).reshape(SIZE, SIZE).to(torch.float32) / SIZE
    return (a @ a).sum(), torch.tanh(torch.ones(1 << 20)).sum()


def child(connection):
    connection.send([t.item() for t in work()] + [torch.get_num_threads()])
    connection.close()


def in_child():
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs,))
    process.start()
    theirs.close()
    answered = ours.poll(60)
    if not answered:
        process.kill()
    process.join()
    assert answered, "the child hangs"
    return ours.recv()


def test_a_child_computes_after_its_parent_used_threads():
    expected = [t.item() for t in work()]
    *values, threads = in_child()
    assert values == pytest.approx(expected, rel=1e-5)
    assert threads == 1


def test_children_are_forked_while_other_threads_compute():
    go_on = threading.Event()

    def compute():
        while not go_on.is_set():
            torch.rand(1000).sum() + torch.rand(1 << 16).sum()

    expected = [t.item() for t in work()]
    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            assert in_child()[:2] == pytest.approx(expected, rel=1e-5)
    finally:
        go_on.set()
        for thread in threads:
            thread.join()


def test_the_parent_keeps_its_threads():
    before = torch.get_num_threads()
    in_child()
    assert torch.get_num_threads() == before
