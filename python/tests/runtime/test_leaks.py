"""Nothing stays behind: neither memory of tensors nor Python's objects.

That nanobind misses none of its own objects when the interpreter ends, the tests' runner sees."""

import gc
import weakref

import pytest
import rushlight as torch
from rushlight import _C


def train():
    w = torch.randn(8, 8, requires_grad=True)
    for _ in range(3):
        loss = torch.tanh(torch.randn(4, 8) @ w).sum()
        loss.backward()


def fail_in_an_op():
    with pytest.raises(RuntimeError):
        torch.ones(2, 3) @ torch.ones(2, 3)


def call_wrongly():
    with pytest.raises(TypeError):
        torch.tanh(torch.ones(2), torch.ones(3), no_such=torch.ones(4))


def raise_in_a_hook():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()


def make_a_cycle():
    x = torch.ones(1000)
    x.self = x


def raise_in_a_function():
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            raise ValueError(dy)

    with pytest.raises(ValueError):
        Bad.apply(torch.ones(3, requires_grad=True)).sum().backward()


def exchange():
    x = torch.ones(100)
    a = x.numpy()
    torch.from_numpy(a).add_(1)
    torch.tensor([[1.0, 2.0], [3.0, 4.0]]).tolist()


PROGRAMS = [
    train,
    fail_in_an_op,
    call_wrongly,
    raise_in_a_hook,
    make_a_cycle,
    raise_in_a_function,
    exchange,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_memory_is_given_back(program):
    def measure():
        gc.collect()
        return _C._memory()["allocated"], sum(type(o) is torch.Tensor for o in gc.get_objects())

    program()  # what is kept for the next time is made now
    before = measure()
    for _ in range(5):
        program()
    assert measure() == before


def test_a_tensor_dies_with_its_last_name():
    x = torch.ones(3)
    seen = weakref.ref(x)
    y = (x * 2).sum()
    del x
    assert seen() is None and y.item() == 6
