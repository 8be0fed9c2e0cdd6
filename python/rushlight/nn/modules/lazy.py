"""Layers that learn the size of their input at the first call."""

from __future__ import annotations

from itertools import chain

from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import is_lazy


class LazyModuleMixin:
    """Gives a layer parameters without a shape, and a shape to them at the first call.

    A subclass says with `initialize_parameters(*inputs)` how; afterwards the layer is an ordinary
    one, of class `cls_to_become`.
    """

    cls_to_become: type | None = None

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(
            self._infer_parameters, with_kwargs=True
        )

    def _tensors(self):
        return chain(self._parameters.items(), self._buffers.items())

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        Module._save_to_state_dict(self, destination, prefix, keep_vars)
        for name, tensor in self._tensors():
            if is_lazy(tensor) and prefix + name in destination:
                destination[prefix + name] = tensor

    def _lazy_load_hook(self, state_dict, prefix, *unused) -> None:
        for name, tensor in self._tensors():
            given = state_dict.get(prefix + name)
            if is_lazy(tensor) and given is not None and not is_lazy(given):
                tensor.materialize(given.shape)

    def initialize_parameters(self, *args, **kwargs) -> None:
        """Gives all parameters their shapes, from the first inputs."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """True until the first call."""
        return any(is_lazy(tensor) for _, tensor in self._tensors())

    def _infer_parameters(self, module, args, kwargs=None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
