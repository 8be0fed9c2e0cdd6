"""autograd.Function: ops written in Python."""

import gc
import weakref

import pytest
import rushlight as torch
from rushlight.autograd import Function, gradcheck, gradgradcheck
from rushlight.autograd.function import once_differentiable


class Power(Function):
    """x ** n with a gradient written in ops."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.save_for_backward(x)
        ctx.n = n
        return x**n

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * ctx.n * x ** (ctx.n - 1), None


class SumAndProduct(Function):
    """Two results and a text, in the form with setup_context."""

    @staticmethod
    def forward(x, y):
        return x + y, x * y, "text"

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, of_sum, of_product, of_text):
        x, y = ctx.saved_tensors
        assert of_text is None
        dx = of_sum if of_product is None else of_product * y
        return dx, (of_product * x if ctx.needs_input_grad[1] else None)


def leaf(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def test_values_and_gradients():
    x = leaf(1.0, 2.0)
    y = Power.apply(x, 3)
    assert y.tolist() == [1, 8] and y.grad_fn.name() == "PowerBackward"
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert first.tolist() == [3, 12] and second.tolist() == [6, 12]
    assert gradcheck(lambda v: Power.apply(v, 3), (x,))
    assert gradgradcheck(lambda v: Power.apply(v, 3), (x,))
    with torch.no_grad():
        assert not Power.apply(x, 2).requires_grad


def test_several_results():
    x, y = leaf(1.0, 2.0), torch.tensor([3.0, 4.0], dtype=torch.float64)
    total, product, text = SumAndProduct.apply(x, y)
    assert text == "text"
    product.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [3, 4] and y.grad is None
    x.grad = None
    total.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_marks():
    class Split(Function):
        @staticmethod
        def forward(ctx, x):
            positive, places = x.clamp(min=0), x > 0
            places = places.to(x.dtype)
            ctx.mark_non_differentiable(places)
            ctx.save_for_backward(places)
            return positive, places

        @staticmethod
        def backward(ctx, gradient, of_places):
            assert of_places.tolist() == [0, 0]
            return gradient * ctx.saved_tensors[0]

    x = leaf(-1.0, 2.0)
    positive, places = Split.apply(x)
    assert positive.requires_grad and not places.requires_grad
    positive.sum().backward()
    assert x.grad.tolist() == [0, 1]


def test_in_place():
    class Triple(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(3)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 3

    x = leaf(1.0, 2.0)
    y = x * 2
    assert Triple.apply(y) is y
    y.sum().backward()
    assert x.grad.tolist() == [6, 6] and y.tolist() == [6, 12]


def test_errors_come_out_as_they_are():
    class Failing(Function):
        @staticmethod
        def forward(ctx, x, where):
            ctx.where = where
            if where == "forward":
                raise KeyError("in forward")
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            if ctx.where == "backward":
                raise ZeroDivisionError("in backward")
            return {"count": (gradient,), "kind": ("text", None), "shape": (torch.ones(7), None)}[
                ctx.where
            ]

    x = leaf(1.0, 2.0)
    with pytest.raises(KeyError, match="in forward"):
        Failing.apply(x, "forward")
    with pytest.raises(ZeroDivisionError, match="in backward"):
        Failing.apply(x, "backward").sum().backward()
    with pytest.raises(RuntimeError, match="expected 2, got 1"):
        Failing.apply(x, "count").sum().backward()
    with pytest.raises(TypeError, match="gradient 0"):
        Failing.apply(x, "kind").sum().backward()
    with pytest.raises(RuntimeError):
        Failing.apply(x, "shape").sum().backward()
    assert x.grad is None
    with pytest.raises(NotImplementedError):
        Function.apply(x)
    with pytest.raises(RuntimeError, match="apply"):
        Failing()


def test_changes_of_saved_tensors_are_noticed():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = Power.apply(y, 2).sum()
    y.mul_(2)
    with pytest.raises(RuntimeError, match="in place"):
        z.backward()
    with pytest.raises(TypeError, match="save_for_backward"):

        class Wrong(Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward("text")

        Wrong.apply(x)


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, gradient):
            return 2 * gradient * ctx.saved_tensors[0]

    x = leaf(3.0)
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [6]
    seed = torch.ones(1, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(Square.apply(x), x, seed, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_contexts_are_let_go_of():
    class Keeping(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.kept = Marker()
            alive.append(weakref.ref(ctx.kept))
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    class Marker:
        pass

    alive = []
    x = leaf(1.0)
    y = Keeping.apply(x)
    y.sum().backward()
    del y
    gc.collect()
    assert alive[0]() is None


def test_hundreds_of_calls_in_a_row():
    x = leaf(1.0)
    y = x
    for _ in range(500):
        y = Power.apply(y, 1)
    y.sum().backward()
    assert x.grad.tolist() == [1]
