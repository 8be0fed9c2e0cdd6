"""Module: the base of all layers and models."""

from __future__ import annotations

import html
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from rushlight import _C
from rushlight.nn.modules import module_hooks as hooks
from rushlight.nn.modules.module_convert import ModuleConvert
from rushlight.nn.modules.module_hooks import (
    ModuleHooks,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from rushlight.nn.modules.module_state import ModuleState
from rushlight.nn.modules.module_tree import ModuleTree
from rushlight.nn.parameter import Buffer, Parameter

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

Tensor = _C.Tensor
_HOOKS = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def typename(value) -> str:
    """How messages call the type of a value: torch.FloatTensor, str, package.Class."""
    if isinstance(value, Tensor):
        return value.type()
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _forward_unimplemented(self, *input) -> None:
    """What a call computes: every subclass defines it."""
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(ModuleTree, ModuleState, ModuleConvert, ModuleHooks):
    """The base of all layers and models.

    A subclass calls `super().__init__()`, assigns its parameters and submodules to attributes,
    which registers them, and defines `forward`. Calling the module runs `forward` and the hooks.
    """

    dump_patches = False
    call_super_init = False
    _version = 1
    training: bool
    forward: Callable[..., Any] = _forward_unimplemented

    def __init__(self, *args, **kwargs) -> None:
        if not self.call_super_init:
            name = type(self).__name__
            if kwargs:
                raise TypeError(
                    f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given"
                )
        # straight into the dictionary: __setattr__ needs these to be there
        state = self.__dict__
        state["training"] = True
        state["_parameters"] = {}
        state["_buffers"] = {}
        state["_non_persistent_buffers_set"] = set()
        state["_is_full_backward_hook"] = None
        state["_modules"] = {}
        for name in _HOOKS:
            state[name] = OrderedDict()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = self.__dict__  # looked up here, as this is the way every layer is called
        try:
            has_hooks = (
                state["_forward_hooks"]
                or state["_forward_pre_hooks"]
                or state["_backward_hooks"]
                or state["_backward_pre_hooks"]
                or hooks.all_calls
            )
        except KeyError:
            has_hooks = self._forward_hooks  # raises: __init__() did not run
        if has_hooks:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    # What is registered lives in three dictionaries; Python asks here when the instance has none.
    def __getattr__(self, name: str):
        state = self.__dict__
        if "_parameters" in state:
            if name in (members := state["_parameters"]):
                return members[name]
            if name in (members := state["_modules"]):
                return members[name]
            if name in (members := state["_buffers"]):
                return members[name]
        elif name in _HOOKS or name in ("_parameters", "_modules", "_buffers"):
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute '{name}': its __init__() has "
                "not called super().__init__()"
            )
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value) -> None:
        state = self.__dict__
        parameters = state.get("_parameters")
        if isinstance(value, Parameter):
            self._check_initialised("parameters")
            self._forget(name)
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._check_initialised("module")
            if name in parameters:
                raise TypeError(_cannot_assign(value, "parameter", name, "nn.Parameter"))
            if name not in state["_modules"]:
                self._forget(name)
            state["_modules"][name] = hooks.changed_by(hooks.module_registration, self, name, value)
        elif parameters is None:
            if isinstance(value, Buffer):
                self._check_initialised("buffer")
            super().__setattr__(name, value)
        elif isinstance(value, Buffer) and name not in parameters:
            if name not in state["_buffers"]:
                self._forget(name)
            self.register_buffer(name, value, value.persistent)
        elif name in parameters:
            if value is not None:
                raise TypeError(_cannot_assign(value, "parameter", name, "nn.Parameter"))
            self.register_parameter(name, None)
        elif name in state["_modules"]:
            if value is not None:
                raise TypeError(_cannot_assign(value, "child module", name, "nn.Module"))
            state["_modules"][name] = None
        elif name in state["_buffers"]:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(_cannot_assign(value, "buffer", name, "nn.Buffer, torch.Tensor"))
            state["_buffers"][name] = hooks.changed_by(hooks.buffer_registration, self, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        for members in (self._parameters, self._buffers, self._modules):
            if name in members:
                del members[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self):
        registered = [*self._parameters, *self._modules, *self._buffers]
        names = {*dir(type(self)), *self.__dict__, *registered}
        return sorted(name for name in names if name.isidentifier())

    def _check_initialised(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    def _forget(self, name: str) -> None:
        """Takes a name away from everything but parameters, so that it can be registered."""
        self.__dict__.pop(name, None)
        self._buffers.pop(name, None)
        self._modules.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _check_name(self, kind: str, name, members) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in members:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter under a name; None is kept as "no such parameter"."""
        self._check_initialised("parameter")
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{typename(param)}' object to parameter '{name}' "
                    "(torch.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must "
                    f"be created explicitly. To express '{name}' as a function of another "
                    "Tensor, compute the value in the forward() method."
                )
            param = hooks.changed_by(hooks.parameter_registration, self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is state but not trained; `persistent`: state_dict() has it."""
        self._check_initialised("buffer")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = hooks.changed_by(hooks.buffer_registration, self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as add_module()."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule under a name; None is kept as "no such module"."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = hooks.changed_by(hooks.module_registration, self, name, module)

    def __getstate__(self):
        return self.__dict__.copy()

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        for name in _HOOKS:
            self.__dict__.setdefault(name, OrderedDict())

    def compile(self, *args, **kwargs) -> None:
        """Accepted for programs that ask for it: calls are as fast without."""

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What repr() writes between the brackets: override it to show a module's options."""
        return ""

    def __repr__(self) -> str:
        options = self.extra_repr().split("\n") if self.extra_repr() else []
        children = [
            f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()
        ]
        if len(options) == 1 and not children:
            return f"{self._get_name()}({options[0]})"
        lines = options + children
        inside = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
        return f"{self._get_name()}({inside})"

    def _repr_html_(self) -> str:
        """For notebooks: the text of repr() and how many numbers are trained."""
        count = sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)
        return f"<pre>{html.escape(repr(self))}</pre><small>{count:,} trained numbers</small>"


def _cannot_assign(value, kind: str, name: str, wanted: str) -> str:
    return f"cannot assign '{typename(value)}' as {kind} '{name}' (torch.{wanted} or None expected)"


def _indented(text: str) -> str:
    """All lines but the first moved right by two spaces."""
    return text.replace("\n", "\n  ")
