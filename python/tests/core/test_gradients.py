"""backward(), grad(), hooks and modes."""

import gc
import threading
import weakref

import pytest
import rushlight as torch
from rushlight import autograd


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def test_backward_adds_up():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5, 7]
    x.grad = None
    y = x * x
    y.backward(torch.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 40]


def test_options_of_backward():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = (x * w).sum()
    y.backward(retain_graph=True, inputs=[x])
    assert x.grad.tolist() == [3, 4] and w.grad is None
    y.backward(inputs=x)
    assert x.grad.tolist() == [6, 8]
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()
    z = (x**3).sum()
    z.backward(create_graph=True, inputs=[x])
    autograd.backward([x * 1, w * 1], [torch.ones(2), torch.ones(2)])
    assert w.grad.tolist() == [1, 1]


def test_refusals_of_backward():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.ones(1).backward()
    with pytest.raises(RuntimeError):
        (x * 2).backward(torch.ones(3))
    with pytest.raises(RuntimeError):
        autograd.backward([(x * 2).sum()], [None, None])
    with pytest.raises(RuntimeError, match="differentiated"):
        autograd.grad(x.sum(), torch.ones(2))
    with pytest.raises(TypeError):
        autograd.backward(["a"])
    kept = x.exp()
    y = kept.sum()
    kept.detach().zero_()
    with pytest.raises(RuntimeError):
        y.backward()


def test_grad():
    x, unused = leaf(1.0, 2.0), leaf(1.0)
    y = (x**3).sum()
    (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first.sum(), x)
    assert first.tolist() == [3, 12] and second.tolist() == [6, 12] and x.grad is None
    assert autograd.grad((x * 2).sum(), [x, unused], allow_unused=True)[1] is None
    zeros = autograd.grad((x * 2).sum(), [x, unused], materialize_grads=True)[1]
    assert zeros.tolist() == [0]
    with pytest.raises(RuntimeError):
        autograd.grad((x * 2).sum(), [unused])
    rows = autograd.grad(x * x, x, torch.eye(2), is_grads_batched=True)[0]
    assert rows.tolist() == [[2, 0], [0, 4]]


def test_hooks_on_gradients():
    x = leaf(1.0, 2.0)
    seen = []
    y = x * 2
    y.retain_grad()
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    doubled = x.register_hook(lambda g: g * 2)
    y.sum().backward()
    assert seen == [[1, 1]] and x.grad.tolist() == [4, 4] and y.grad.tolist() == [1, 1]
    assert y.retains_grad and not x.retains_grad
    handle.remove()
    handle.remove()
    with doubled:
        pass
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError):
        torch.ones(1).register_hook(print)


def test_hooks_that_raise():
    x = leaf(1.0)
    x.register_hook(lambda g: {}["missing"])
    with pytest.raises(KeyError, match="missing"):
        (x * 2).sum().backward()
    y = leaf(1.0)
    y.register_hook(lambda g: "text")
    with pytest.raises(TypeError):
        (y * 2).sum().backward()
    assert x.grad is None and y.grad is None


def test_hooks_after_accumulation():
    x = leaf(1.0, 2.0)
    steps = []

    def step(parameter):
        assert parameter is x
        steps.append(parameter.grad.tolist())
        parameter.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        (x * 3).sum().backward()
    handle.remove()
    (x * 3).sum().backward()
    assert steps == [[3, 3], [3, 3]] and x.grad.tolist() == [3, 3]
    with pytest.raises(RuntimeError):
        (x * 2).register_post_accumulate_grad_hook(step)


def test_hooks_are_let_go_of():
    class Callback:
        def __call__(self, g):
            return g

    callback = Callback()
    alive = weakref.ref(callback)
    y = leaf(1.0) * 2
    y.register_hook(callback)
    del callback
    gc.collect()
    assert alive() is not None
    del y
    gc.collect()
    assert alive() is None


def test_modes():
    x = leaf(1.0)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    assert not (x * 2).requires_grad
    torch.set_grad_enabled(True)
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled() and not (x * 2).requires_grad
    with torch.inference_mode(False):
        assert (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        raise ZeroDivisionError
    assert torch.is_grad_enabled()


def test_modes_decorate():
    @torch.no_grad()
    def plain():
        """Says something."""
        return torch.is_grad_enabled()

    @torch.no_grad
    def bare():
        return torch.is_grad_enabled()

    @torch.inference_mode()
    def inferring():
        return torch.is_grad_enabled()

    @torch.set_grad_enabled(False)
    def setting():
        return torch.is_grad_enabled()

    @torch.no_grad()
    def generating():
        received = yield torch.is_grad_enabled()
        yield received, torch.is_grad_enabled()
        return "end"

    assert not plain() and not bare() and not inferring() and not setting()
    assert plain.__doc__ == "Says something."
    generator = generating()
    assert next(generator) is False and torch.is_grad_enabled()
    assert generator.send("sent") == ("sent", False) and torch.is_grad_enabled()
    with pytest.raises(StopIteration, match="end"):
        next(generator)


def test_modes_belong_to_a_thread():
    seen = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_go_backward_at_once():
    def work(results, i):
        x = torch.full((100,), float(i), requires_grad=True)
        x.register_hook(lambda g: g + 1)
        for _ in range(20):
            x.grad = None
            (x * x).sum().backward()
        results[i] = x.grad[0].item()

    results = [None] * 4
    threads = [threading.Thread(target=work, args=(results, i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1, 3, 5, 7]


def test_anomaly_mode_names_the_op():
    x = leaf(-1.0)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="sqrt"):
        x.sqrt().sum().backward()
    assert torch.isnan(x.sqrt()).item()


def test_grad_fn():
    x = leaf(1.0)
    y = (x * 2).exp()
    assert x.grad_fn is None and y.grad_fn.name() == "ExpBackward0"
    ((before, number),) = y.grad_fn.next_functions
    assert before.name() == "MulBackward0" and number == 0
    assert before.next_functions[0][0].name() == "AccumulateGrad"
    assert y.grad_fn == y.grad_fn and repr(y.grad_fn).startswith("<ExpBackward0 object at")


def test_variable():
    x = autograd.Variable(torch.ones(2), requires_grad=True)
    assert x.requires_grad and isinstance(x, autograd.Variable)
    assert isinstance(torch.ones(1), autograd.Variable)
