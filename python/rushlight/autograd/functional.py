"""Derivatives of functions: products with vectors, Jacobians and Hessians.

Functions take tensors and return one or a tuple; so do the results here: one tensor for one tensor,
a tuple for a tuple.
"""

from __future__ import annotations

from rushlight import _C

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_Tensor = _C.Tensor


def _as_tuple(value, what):
    """The value as a tuple of tensors, and whether it was one."""
    if isinstance(value, _Tensor):
        return (value,), False
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{what}: expected a Tensor or a tuple of them, not {type(value).__name__}")
    for one in value:
        if not isinstance(one, _Tensor):
            raise TypeError(f"{what}: expected a tuple of Tensors; it has a {type(one).__name__}")
    return tuple(value), True


class _Noted:
    """A function whose results are tuples; it remembers whether they were."""

    def __init__(self, func, name) -> None:
        self.func, self.what, self.is_tuple = func, f"the function given to {name}", False

    def __call__(self, *xs):
        result, self.is_tuple = _as_tuple(self.func(*xs), self.what)
        return result


def _check_strict(function, inputs, name) -> None:
    """For strict=True: every result must depend on every input."""
    with_history = tuple(x.detach().requires_grad_() for x in inputs)
    was_enabled = _C.autograd.is_grad_enabled()
    _C.autograd.set_grad_enabled(True)
    try:
        for k, result in enumerate(function(*with_history)):
            if not result.requires_grad:
                raise RuntimeError(
                    f"{name}: output {k} does not depend on any input (strict=True allows no such)"
                )
            found = _C.autograd.grad(
                (result,), with_history, (_C.torch.ones_like(result),), True, False, True
            )
            for i, gradient in enumerate(found):
                if gradient is None:
                    raise RuntimeError(f"{name}: output {k} is independent of input {i}")
    finally:
        _C.autograd.set_grad_enabled(was_enabled)


def _product(primitive, name, func, inputs, v, create_graph, strict):
    inputs, is_tuple = _as_tuple(inputs, f"inputs of {name}")
    function = _Noted(func, name)
    if strict:
        _check_strict(function, inputs, name)
    v = None if v is None else _as_tuple(v, f"v of {name}")[0]
    outputs, product = primitive(function, inputs, v, create_graph)
    return function, outputs, product, is_tuple


def _like(values, is_tuple):
    return values if is_tuple else values[0]


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """`(func(*inputs), v^T J)`: the outputs, and the vector-Jacobian product like the inputs.

    v is like the outputs; it may be left out where there is one of one element.
    """
    function, outputs, product, is_tuple = _product(
        _C.autograd.vjp, "vjp", func, inputs, v, create_graph, strict
    )
    return _like(outputs, function.is_tuple), _like(product, is_tuple)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """`(func(*inputs), J v)`: the outputs, and the Jacobian-vector product like the outputs.

    v is like the inputs; it may be left out where there is one of one element.
    """
    if v is None:
        xs = _as_tuple(inputs, "inputs of jvp")[0]
        if len(xs) != 1 or xs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        v = _C.torch.ones_like(xs[0])
    function, outputs, product, _ = _product(
        _C.autograd.jvp, "jvp", func, inputs, v, create_graph, strict
    )
    return _like(outputs, function.is_tuple), _like(product, function.is_tuple)


def _hessian_product(name, func, inputs, v, create_graph, strict):
    xs = _as_tuple(inputs, f"inputs of {name}")[0]
    if v is None:
        if len(xs) != 1 or xs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        v = _C.torch.ones_like(xs[0])
    _, outputs, product, is_tuple = _product(
        _C.autograd.hvp, name, func, inputs, v, create_graph, strict
    )
    return outputs[0], _like(product, is_tuple)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """`(func(*inputs), H v)` for a function that gives one number."""
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """`(func(*inputs), v^T H)`; the same as `hvp`, because H is symmetric."""
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def _check_strategy(name, strategy) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise ValueError(f'{name}: strategy is "forward-mode" or "reverse-mode"; got {strategy!r}')


def jacobian(
    func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"
):
    """The derivatives of every output element by every input element.

    Of shape [shape of the output..., shape of the input...]; with tuples, `result[output][input]`.
    """
    _check_strategy("jacobian", strategy)
    inputs, is_tuple = _as_tuple(inputs, "inputs of jacobian")
    function = _Noted(func, "jacobian")
    if strict:
        _check_strict(function, inputs, "jacobian")
    blocks = _C.autograd.jacobian(function, inputs, create_graph)
    rows = tuple(_like(row, is_tuple) for row in blocks)
    return _like(rows, function.is_tuple)


def hessian(
    func,
    inputs,
    create_graph=False,
    strict=False,
    vectorize=False,
    outer_jacobian_strategy="reverse-mode",
):
    """The second derivatives of a function that gives one number; `result[i][j]` with tuples."""
    _check_strategy("hessian", outer_jacobian_strategy)
    inputs, is_tuple = _as_tuple(inputs, "inputs of hessian")
    function = _Noted(func, "hessian")
    if strict:
        _check_strict(function, inputs, "hessian")
    blocks = _C.autograd.hessian(function, inputs, create_graph)
    return _like(tuple(_like(row, is_tuple) for row in blocks), is_tuple)
