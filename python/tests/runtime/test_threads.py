"""Several Python threads at once: each gets what it would get alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import rushlight as torch

WORKERS = 4


def train(seed):
    """Losses of a small model, whose numbers come from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 8, generator=generator)
    w = torch.randn(8, 8, generator=generator).requires_grad_()
    v = torch.randn(8, 1, generator=generator).requires_grad_()
    losses = []
    for _ in range(60):
        loss = ((torch.tanh(x @ w) @ v - x.sum(1, keepdim=True)) ** 2).mean()
        w.grad = v.grad = None
        loss.backward()
        with torch.no_grad():
            for p in (w, v):
                p -= 0.05 * p.grad
        losses.append(loss.item())
    return losses


def test_models_train_side_by_side():
    alone = [train(seed) for seed in range(WORKERS)]
    assert alone[0] != alone[1] and alone[0][-1] < alone[0][0]
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(3):
            assert list(pool.map(train, range(WORKERS))) == alone


def test_grad_mode_belongs_to_a_thread():
    inside, done = threading.Event(), threading.Event()

    def without():
        with torch.no_grad():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=without)
    thread.start()
    inside.wait(10)
    x = torch.ones(2, requires_grad=True)
    assert torch.is_grad_enabled() and (x * 2).requires_grad
    done.set()
    thread.join()


def test_gradients_of_shared_leaves_add_up():
    w = torch.ones(1000, requires_grad=True)

    def add(_):
        for _ in range(50):
            (w * 2).sum().backward()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(add, range(WORKERS)))
    assert torch.equal(w.grad, torch.full((1000,), 2.0 * 50 * WORKERS))


def test_an_error_in_a_thread_stays_there():
    with ThreadPoolExecutor(2) as pool:
        bad = pool.submit(lambda: torch.ones(2, 3) @ torch.ones(2, 3))
        good = pool.submit(lambda: torch.ones(3).sum().item())
        with pytest.raises(RuntimeError, match="matmul"):
            bad.result()
        assert good.result() == 3


def test_large_ops_from_all_threads():
    x = torch.rand(1 << 20)
    expected = torch.tanh(x)

    def check(_):
        return all(torch.equal(torch.tanh(x), expected) for _ in range(5))

    with ThreadPoolExecutor(WORKERS) as pool:
        assert all(pool.map(check, range(WORKERS)))
