"""Parameters that are computed from others each time they are read."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import contextmanager, suppress

import rushlight
from rushlight import _C
from rushlight.nn.modules.container import ModuleList
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.module_dict import ModuleDict
from rushlight.nn.parameter import Parameter

Tensor = _C.Tensor

_cache: dict = {}
_caching_blocks = 0


@contextmanager
def cached():
    """Within this block each parametrised tensor is computed once and then remembered."""
    global _caching_blocks
    _caching_blocks += 1
    try:
        yield
    finally:
        _caching_blocks -= 1
        if _caching_blocks == 0:
            _cache.clear()


def _register(module: Module, name: str, tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_same(what: str, before: Tensor, after, allowance: str = "") -> None:
    """Raises ValueError unless `after` is a tensor with the dtype and shape of `before`."""
    if not isinstance(after, Tensor):
        raise ValueError(f"{what} must return a tensor. Got {type(after).__name__}.")
    for name in ("dtype", "shape"):
        was, became = getattr(before, name), getattr(after, name)
        if was != became:
            raise ValueError(
                f"{what} may not change the {name} of the tensor{allowance}.\n"
                f"{name} before: {was}\n{name} after: {became}"
            )


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, and what they compute it from.

    That is `original`, or `original0`, `original1`, ... where right_inverse gives several.
    """

    def __init__(self, modules, original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        first = original.detach().clone()
        with rushlight.no_grad():
            start = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):
                        start = module.right_inverse(start)
        self.is_tensor = isinstance(start, Tensor)
        if not self.is_tensor and not isinstance(start, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(start).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(start)
        if self.is_tensor:
            self._keep_one(original, start)
        else:
            self._keep_several(original, start)
        if not unsafe:
            rule = ", unless `unsafe` flag is enabled"
            _check_same("A parametrization", first, self(), rule)

    def _keep_one(self, original: Tensor, start: Tensor) -> None:
        if original.dtype != start.dtype:
            raise ValueError(
                "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                f"original.dtype: {original.dtype}\n"
                f"right_inverse(original).dtype: {start.dtype}"
            )
        original.data = start.detach()
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, start) -> None:
        for i, tensor in enumerate(start):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors. Got element "
                    f"{i} of the sequence with type {type(tensor).__name__}."
                )
            if isinstance(original, Parameter):
                tensor = Parameter(tensor, original.requires_grad)
            _register(self, f"original{i}", tensor)

    def _originals(self) -> list:
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def right_inverse(self, value: Tensor) -> None:
        """Sets the originals so that this list computes `value`: what an assignment does."""
        with rushlight.no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = module.right_inverse(value)
        values = [value] if self.is_tensor else list(value)
        if len(values) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                f"Got a sequence of length {len(values)}."
            )
        for original, tensor in zip(self._originals(), values, strict=True):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    f"`right_inverse` should return a tensor. Got {type(tensor).__name__}"
                )
            if tensor.dtype != original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {tensor.dtype} while "
                    f"`original` has dtype {original.dtype}"
                )
            original.data = tensor.detach()

    def forward(self) -> Tensor:
        first, *rest = self
        value = first(*self._originals())
        for module in rest:
            value = module(value)
        return value


def _give_own_class(module: Module) -> None:
    """Puts a subclass of its own in place of the module's class, which can carry properties."""
    base = type(module)

    def deep_copy(self, memo):
        if id(self) not in memo:
            other = memo[id(self)] = self.__new__(type(self))
            other.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return memo[id(self)]

    def refuse_pickling(self):
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict()."
        )

    members = {"__getstate__": refuse_pickling, "__deepcopy__": deep_copy}
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), members)


def _add_property(module: Module, name: str) -> None:
    def read(self):
        parametrization = self.parametrizations[name]
        if not _caching_blocks:
            return parametrization()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def assign(self, value):
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(read, assign))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Makes `module.tensor_name` what `parametrization` computes from the tensor that was there.

    Further ones are applied after it. With a method right_inverse, the attribute can be assigned.
    unsafe: the shape and dtype may change, and nothing is checked.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        _append(module, tensor_name, parametrization, unsafe)
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        parametrizations = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _add_property(module, tensor_name)
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _append(module, tensor_name, parametrization, unsafe) -> None:
    if not unsafe:
        before = getattr(module, tensor_name)
        after = parametrization(before)
        _check_same("A parametrization", before, after, ", unless the `unsafe` flag is enabled")
        if hasattr(parametrization, "right_inverse"):
            with suppress(NotImplementedError):
                inverse = parametrization.right_inverse(after)
                _check_same("parametrization.right_inverse", before, inverse)
    parametrizations = module.parametrizations[tensor_name]
    parametrizations.append(parametrization)
    parametrizations.unsafe |= unsafe


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, is parametrised."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Makes `module.tensor_name` an ordinary tensor again.

    leave_parametrized: with the value it has now; otherwise with that of the original.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if not parametrizations.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    value = getattr(module, tensor_name)
    if parametrizations.is_tensor:
        tensor = parametrizations.original
        if leave_parametrized:
            tensor.data = value.detach()
    else:
        tensor = Parameter(value) if value.requires_grad else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    _register(module, tensor_name, tensor)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class as it was before it was parametrised."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Gives another module the parametrisations of one tensor, or of all, with their originals."""
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        for key, tensor in [*source._parameters.items(), *source._buffers.items()]:
            setattr(to_module.parametrizations[name], key, tensor)
    return to_module
