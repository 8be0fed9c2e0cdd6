"""Ops written in Python: `Function` with its own `forward` and `backward`."""

from __future__ import annotations

import functools

from rushlight import _C

__all__ = [
    "Function",
    "FunctionCtx",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]

_Tensor = _C.Tensor
_custom = _C.autograd.custom


class FunctionCtx:
    """What `forward` tells `backward`: saved tensors, marks, and whatever attributes it sets."""

    _to_save = None
    _saved = None
    _dirty = ()
    _non_differentiable = ()
    _materializes = True
    needs_input_grad = ()

    def save_for_backward(self, *tensors) -> None:
        """Keeps tensors (or None) for `saved_tensors`; a change of one in place is noticed."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, that is tensors and None; keep a "
                    f"{type(tensor).__name__} as an attribute of ctx"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors) -> None:
        """Nothing: forward mode derivatives are computed from `backward`."""

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept, as a tuple."""
        if self._saved is not None:
            return self._saved
        return () if self._to_save is None else self._to_save

    saved_variables = saved_tensors

    def mark_dirty(self, *tensors) -> None:
        """Says that `forward` wrote these inputs in place and returns them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors) -> None:
        """Says that these outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: a gradient that does not arrive is None in `backward` instead of zeros."""
        self._materializes = bool(value)


class Function(FunctionCtx):
    """An op of your own: static methods `forward` and `backward`, called by `apply`.

    Either `forward(ctx, *args)`, or `forward(*args)` and `setup_context(ctx, inputs, output)`.
    `backward(ctx, *grads)` gives one gradient, or None, for each argument.
    """

    generate_vmap_rule = False

    def __init__(self, *args, **kwargs) -> None:
        raise RuntimeError(
            f"{type(self).__name__} cannot be made an instance of; call "
            f"{type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Computes the result. To be written by the subclass."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keeps what `backward` needs, where `forward` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradient of each argument. To be written by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """Not used: forward mode derivatives are computed from `backward`."""
        raise NotImplementedError("jvp is not used; forward mode is computed from backward.")

    @classmethod
    def apply(cls, *args, **kwargs):
        """Runs `forward` and records `backward` for the gradient."""
        return _Call(cls, args, kwargs).run()


class _Context(FunctionCtx):
    """The ctx of one call; its class is named after the Function."""


@functools.cache
def _context_class(cls):
    """A class of contexts that has the Function's own attributes and methods as well."""
    return type(cls.__name__ + "Backward", (_Context,), {"_forward_cls": cls})


class _Call:
    """One call of `apply`: sorts tensors from other arguments, on the way in and out."""

    def __init__(self, function, args, kwargs) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.ctx = _context_class(function)()
        self.places = [i for i, arg in enumerate(args) if isinstance(arg, _Tensor)]
        self.ctx.needs_input_grad = tuple(
            isinstance(arg, _Tensor) and arg.requires_grad for arg in args
        )

    def run(self):
        tensors = tuple(self.args[i] for i in self.places)
        backward = functools.partial(_run_backward, self.function, self.ctx, self.places)
        name = type(self.ctx).__name__
        outputs = _custom(name, self.forward, backward, tensors)
        ctx = self.ctx
        ctx._to_save, ctx._dirty, ctx._non_differentiable = None, (), ()
        if isinstance(self.output, _Tensor):
            return outputs[0]
        if not isinstance(self.output, (tuple, list)):
            return self.output
        result, found = list(self.output), iter(outputs)
        for i, value in enumerate(result):
            if isinstance(value, _Tensor):
                result[i] = next(found)
        return type(self.output)(result) if isinstance(self.output, list) else tuple(result)

    def forward(self):
        """What the engine wants to know of a forward run."""
        function, ctx = self.function, self.ctx
        if function.setup_context is Function.setup_context:
            output = function.forward(ctx, *self.args, **self.kwargs)
        else:
            output = function.forward(*self.args, **self.kwargs)
            function.setup_context(ctx, self.args, output)
        self.output = output
        parts = output if isinstance(output, (tuple, list)) else (output,)
        tensors = tuple(part for part in parts if isinstance(part, _Tensor))
        ctx._result_places = [i for i, part in enumerate(parts) if isinstance(part, _Tensor)]
        ctx._result_count = len(parts)
        return tensors, ctx._to_save, ctx._non_differentiable, ctx._dirty, ctx._materializes


def _run_backward(function, ctx, places, saved, gradients):
    """Calls `backward` and gives the gradients of the tensors among the arguments."""
    ctx._saved = saved
    try:
        if len(gradients) != ctx._result_count:
            spread = [None] * ctx._result_count
            for place, gradient in zip(ctx._result_places, gradients, strict=True):
                spread[place] = gradient
            gradients = spread
        rule = function.backward
        if rule is Function.backward and function.vjp is not Function.vjp:
            rule = function.vjp
        result = rule(ctx, *gradients)
    finally:
        ctx._saved = None
    result = result if isinstance(result, (tuple, list)) else (result,)
    count = len(ctx.needs_input_grad)
    if len(result) < count or any(extra is not None for extra in result[count:]):
        raise RuntimeError(
            f"function {type(ctx).__name__} returned an incorrect number of gradients "
            f"(expected {count}, got {len(result)})"
        )
    for i, gradient in enumerate(result):
        if gradient is not None and not isinstance(gradient, _Tensor):
            raise TypeError(
                f"{type(ctx).__name__}: gradient {i} must be a Tensor or None, not "
                f"{type(gradient).__name__}"
            )
    return tuple(result[i] for i in places)


def once_differentiable(backward):
    """Decorates a `backward` that is not written in ops: it gives no second derivatives."""

    @functools.wraps(backward)
    def wrapper(ctx, *gradients):
        was_enabled = _C.autograd.is_grad_enabled()
        _C.autograd.set_grad_enabled(False)
        try:
            result = backward(ctx, *gradients)
        finally:
            _C.autograd.set_grad_enabled(was_enabled)
        if not was_enabled or not any(
            isinstance(g, _Tensor) and g.requires_grad for g in gradients
        ):
            return result
        parts = result if isinstance(result, tuple) else (result,)
        anchor = next(g for g in gradients if isinstance(g, _Tensor) and g.requires_grad)
        refused = tuple(
            _Once.apply(part.detach(), anchor) if isinstance(part, _Tensor) else part
            for part in parts
        )
        return refused if isinstance(result, tuple) else refused[0]

    return wrapper


class _Once(Function):
    """The value as it is; whoever asks for its gradient is refused."""

    @staticmethod
    def forward(ctx, value, anchor):
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class InplaceFunction(Function):
    """A Function; the name that older programs use for those that write in place."""


class NestedIOFunction(Function):
    """A Function; the name that older programs use for nested arguments."""
