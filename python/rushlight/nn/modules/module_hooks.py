"""Hooks of modules: functions called before and after `forward`, and when gradients pass."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import rushlight
from rushlight import _C, _scopes
from rushlight._hooks import RemovableHandle, add_hook

Tensor = _C.Tensor

# Hooks of all modules. Calls of modules look at `all_calls` only: every hook that concerns a call
# has an entry there.
all_calls: OrderedDict = OrderedDict()
forward_pre: OrderedDict = OrderedDict()
forward: OrderedDict = OrderedDict()
forward_with_kwargs: dict = OrderedDict()
forward_always_called: dict = OrderedDict()
backward_pre: OrderedDict = OrderedDict()
backward: OrderedDict = OrderedDict()
module_registration: OrderedDict = OrderedDict()
parameter_registration: OrderedDict = OrderedDict()
buffer_registration: OrderedDict = OrderedDict()


def _add_global(hooks, hook, flags=()) -> RemovableHandle:
    handle = add_hook(hooks, hook, extra_dict=[all_calls, *flags])
    for flag in (all_calls, *flags):
        flag[handle.id] = True
    return handle


def register_module_forward_pre_hook(hook) -> RemovableHandle:
    """Calls hook(module, args) before the forward of every module; it may return other args."""
    return _add_global(forward_pre, hook)


def register_module_forward_hook(
    hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Calls hook(module, args, output) after the forward of every module.

    with_kwargs: hook(module, args, kwargs, output); always_call: even when forward raised.
    """
    flags = [forward_with_kwargs] if with_kwargs else []
    return _add_global(forward, hook, flags + ([forward_always_called] if always_call else []))


def register_module_full_backward_pre_hook(hook) -> RemovableHandle:
    """Calls hook(module, grad_output) when gradients reach the output of any module."""
    return _add_global(backward_pre, hook)


def register_module_full_backward_hook(hook) -> RemovableHandle:
    """Calls hook(module, grad_input, grad_output) when gradients went through any module."""
    return _add_global(backward, hook)


register_module_backward_hook = register_module_full_backward_hook


def register_module_module_registration_hook(hook) -> RemovableHandle:
    """Calls hook(module, name, submodule) when any module gets a submodule."""
    return add_hook(module_registration, hook)


def register_module_parameter_registration_hook(hook) -> RemovableHandle:
    """Calls hook(module, name, parameter) when any module gets a parameter."""
    return add_hook(parameter_registration, hook)


def register_module_buffer_registration_hook(hook) -> RemovableHandle:
    """Calls hook(module, name, buffer) when any module gets a buffer."""
    return add_hook(buffer_registration, hook)


def changed_by(hooks, module, name, value):
    """What registration hooks make of a value: the last one that is not None."""
    for hook in hooks.values():
        output = hook(module, name, value)
        if output is not None:
            value = output
    return value


class BackwardWatch:
    """Watches one call of a module: lets its hooks see, and change, the gradients that pass.

    The module's inputs and outputs go through two gates, functions that return their inputs and
    whose backward shows the gradients to `_at_output` and `_at_input`.
    """

    def __init__(self, module, hooks, pre_hooks) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_output = None
        self.has_input_gate = False
        self.n_inputs = 0

    def through_input(self, args: tuple) -> tuple:
        self.n_inputs = len(args)
        args, self.has_input_gate = self._gated(args, self._at_input)
        return args

    def through_output(self, result):
        if isinstance(result, tuple):
            gated, _ = self._gated(result, self._at_output)
            return type(result)(*gated) if hasattr(result, "_fields") else gated
        if not isinstance(result, Tensor):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=2,
            )
            return result
        return self._gated((result,), self._at_output)[0][0]

    @staticmethod
    def _gated(values: tuple, watcher):
        """The values, of which tensors went through a gate if one of them wants a gradient."""
        places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        if not rushlight.is_grad_enabled() or not any(values[i].requires_grad for i in places):
            return values, False

        def at_gate(grads):
            full = [None] * len(values)
            for i, grad in zip(places, grads, strict=True):
                full[i] = grad
            changed = watcher(tuple(full))
            return tuple(changed[i] for i in places)

        outputs = _gate().apply(at_gate, *(values[i] for i in places))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        gated = list(values)
        for i, output in zip(places, outputs, strict=True):
            gated[i] = output
        return tuple(gated), True

    def _at_output(self, grads: tuple) -> tuple:
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = _as_many(changed, grads, "pre hook", "grad_output")
        self.grad_output = grads
        if not self.has_input_gate:
            self._call_hooks((None,) * self.n_inputs)
        return grads

    def _at_input(self, grads: tuple) -> tuple:
        # Without gradients of the outputs this is a second backward, which is not the module's.
        return grads if self.grad_output is None else self._call_hooks(grads)

    def _call_hooks(self, grads: tuple) -> tuple:
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_output)
            if changed is not None:
                grads = _as_many(changed, grads, "hook", "grad_input")
        self.grad_output = None
        return grads


def _as_many(changed, grads: tuple, kind: str, what: str) -> tuple:
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(grads):
        raise RuntimeError(
            f"Backward {kind} returned an invalid number of {what}, got {len(changed)}, but "
            f"expected {len(grads)}"
        )
    return changed


def _gate():
    """The Function that gates are made of, built at the first use: few programs need it."""
    global _Gate
    if _Gate is None:
        from rushlight.autograd import Function

        class Gate(Function):
            @staticmethod
            def forward(ctx, at_gate, *tensors):
                ctx.at_gate = at_gate
                ctx.set_materialize_grads(False)
                outputs = tuple(tensor.view_as(tensor) for tensor in tensors)
                ctx.mark_non_differentiable(
                    *(o for o in outputs if not (o.is_floating_point() or o.is_complex()))
                )
                return outputs

            @staticmethod
            def backward(ctx, *grads):
                return None, *ctx.at_gate(grads)

        _Gate = Gate
    return _Gate


_Gate = None


class ModuleHooks:
    """The part of Module that keeps hooks and runs calls that have some."""

    def register_forward_pre_hook(
        self, hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, args) before forward; it may return other args.

        with_kwargs: hook(module, args, kwargs), which may return (args, kwargs).
        """
        flags = self._forward_pre_hooks_with_kwargs
        handle = add_hook(self._forward_pre_hooks, hook, prepend=prepend, extra_dict=flags)
        if with_kwargs:
            flags[handle.id] = True
        return handle

    def register_forward_hook(
        self, hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, args, output) after forward; it may return another output.

        with_kwargs: hook(module, args, kwargs, output); always_call: even when forward raised.
        """
        kwargs_flags, always_flags = (
            self._forward_hooks_with_kwargs,
            self._forward_hooks_always_called,
        )
        flags = [kwargs_flags, always_flags]
        handle = add_hook(self._forward_hooks, hook, prepend=prepend, extra_dict=flags)
        if with_kwargs:
            kwargs_flags[handle.id] = True
        if always_call:
            always_flags[handle.id] = True
        return handle

    def register_full_backward_pre_hook(self, hook, prepend: bool = False) -> RemovableHandle:
        """Calls hook(module, grad_output) when gradients reach the module's output.

        It may return other gradients, as a tuple.
        """
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook, prepend: bool = False) -> RemovableHandle:
        """Calls hook(module, grad_input, grad_output) when gradients went through the module.

        It may return other gradients of the inputs, as a tuple.
        """
        return self._add_backward_hook(hook, prepend, is_full=True)

    def register_backward_hook(self, hook) -> RemovableHandle:
        """The older name of register_full_backward_hook, and the same here."""
        return self._add_backward_hook(hook, False, is_full=False)

    def _add_backward_hook(self, hook, prepend, is_full):
        if self._is_full_backward_hook is (not is_full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )
        self._is_full_backward_hook = is_full
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    def _call_with_hooks(self, args, kwargs):
        """Runs forward and all hooks, and notes whose ops these are if somebody wants to know."""
        if "scopes" in all_calls:
            return _scopes.in_module(self, self._call_all_hooks, args, kwargs)
        return self._call_all_hooks(args, kwargs)

    def _call_all_hooks(self, args, kwargs):
        """Runs forward and all hooks; when something raises, those that are always called."""
        called = set()
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            watch = None
            hooks = [*backward.values(), *self._backward_hooks.values()]
            pre_hooks = [*backward_pre.values(), *self._backward_pre_hooks.values()]
            if hooks or pre_hooks:
                watch = BackwardWatch(self, hooks, pre_hooks)
                args = watch.through_input(args)
            result = self.forward(*args, **kwargs)
            for handle_id, hook in (*forward.items(), *self._forward_hooks.items()):
                called.add(handle_id)
                output = self._run_forward_hook(handle_id, hook, args, kwargs, result)
                result = result if output is None else output
            return result if watch is None else watch.through_output(result)
        except Exception:
            self._run_always_called(called, args, kwargs)
            raise

    def _run_forward_pre_hooks(self, args, kwargs):
        with_kwargs = self._forward_pre_hooks_with_kwargs
        for handle_id, hook in (*forward_pre.items(), *self._forward_pre_hooks.items()):
            if handle_id in with_kwargs:
                output = hook(self, args, kwargs)
                if isinstance(output, tuple) and len(output) == 2:
                    args, kwargs = output
                elif output is not None:
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {output}."
                    )
            else:
                output = hook(self, args)
                if output is not None:
                    args = output if isinstance(output, tuple) else (output,)
        return args, kwargs

    def _run_forward_hook(self, handle_id, hook, args, kwargs, result):
        if handle_id in self._forward_hooks_with_kwargs or handle_id in forward_with_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _run_always_called(self, called, args, kwargs) -> None:
        always = {**forward_always_called, **self._forward_hooks_always_called}
        for handle_id, hook in (*forward.items(), *self._forward_hooks.items()):
            if handle_id in called or handle_id not in always:
                continue
            try:
                self._run_forward_hook(handle_id, hook, args, kwargs, None)
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error}",
                    stacklevel=2,
                )
