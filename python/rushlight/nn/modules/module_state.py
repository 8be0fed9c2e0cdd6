"""A module's state as a dictionary of tensors, and back."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

import rushlight
from rushlight import _C
from rushlight._hooks import add_hook
from rushlight.nn.parameter import Parameter, is_lazy

_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(
    namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"]),
):
    """What load_state_dict() found to differ."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def _quoted(keys) -> str:
    return ", ".join(f'"{key}"' for key in keys)


class ModuleState:
    """The part of Module that gives and takes its state."""

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """A dictionary from paths ("layers.0.weight") to the parameters and persistent buffers.

        The tensors share memory with the module and are detached, unless keep_vars is True.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead: "
                "state_dict(destination=..., prefix=..., keep_vars=...)",
                FutureWarning,
                stacklevel=2,
            )
            names = ("destination", "prefix", "keep_vars")
            given = dict(zip(names, args, strict=False))
            destination = given.get("destination", destination)
            prefix = given.get("prefix", prefix)
            keep_vars = given.get("keep_vars", keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, local_metadata)
            if not getattr(hook, "_from_public_api", False):
                destination = destination if result is None else result
            elif result is not None:
                raise RuntimeError("state_dict post-hook must return None")
        return destination

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        """Adds what this module itself holds; what submodules hold comes from them."""
        skip = self._non_persistent_buffers_set
        for members in (self._parameters, self._buffers):
            for name, tensor in members.items():
                if tensor is not None and name not in skip:
                    destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not ModuleState.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def get_extra_state(self):
        """Override it together with set_extra_state() to add something of your own to the state."""
        raise RuntimeError(
            f"{type(self).__name__}.get_extra_state() was called, but this class does not define "
            "it: define both get_extra_state() and set_extra_state(), or neither"
        )

    def set_extra_state(self, state) -> None:
        """Receives what get_extra_state() gave, when a state is loaded."""
        raise RuntimeError(
            f"{type(self).__name__}.set_extra_state() was called, but this class does not define "
            "it: define both get_extra_state() and set_extra_state(), or neither"
        )

    def load_state_dict(self, state_dict: Mapping, strict: bool = True, assign: bool = False):
        """Copies the tensors of `state_dict` into this module and those below it.

        strict: keys that are missing or unexpected are an error, as sizes that differ always are.
        assign: the module takes the given tensors themselves instead of copying their values.
        Returns the missing and the unexpected keys.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        keys = _IncompatibleKeys([], [])
        errors: list[str] = []
        self._load_tree(OrderedDict(state_dict), "", metadata, assign, keys, errors)
        if strict:
            if keys.unexpected_keys:
                text = f"Unexpected key(s) in state_dict: {_quoted(keys.unexpected_keys)}. "
                errors.insert(0, text)
            if keys.missing_keys:
                errors.insert(0, f"Missing key(s) in state_dict: {_quoted(keys.missing_keys)}. ")
        if errors:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(
                    type(self).__name__, "\n\t".join(errors)
                )
            )
        return keys

    def _load_tree(self, state, prefix, metadata, assign, keys, errors) -> None:
        """Loads this module, then those below it, each from the keys under its own prefix."""
        local_metadata = metadata.get(prefix[:-1], {})
        if assign:
            local_metadata["assign_to_params_buffers"] = True
        self._load_from_state_dict(
            state, prefix, local_metadata, True, keys.missing_keys, keys.unexpected_keys, errors
        )
        for name, child in self._modules.items():
            if child is not None:
                start = prefix + name + "."
                below = OrderedDict((k, v) for k, v in state.items() if k.startswith(start))
                child._load_tree(below, start, metadata, assign, keys, errors)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        """Loads what this module itself holds. Subclasses override it to read older states."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        assign = local_metadata.get("assign_to_params_buffers", False)
        held = self._held_tensors()
        for name, tensor in held.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_one(name, key, tensor, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        has_extra = type(self).set_extra_state is not ModuleState.set_extra_state
        extra_key = prefix + _EXTRA_STATE
        if has_extra and extra_key in state_dict:
            self.set_extra_state(state_dict[extra_key])
        elif has_extra and strict:
            missing_keys.append(extra_key)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and not (has_extra and key == extra_key):
                    name, dot, _ = key[len(prefix) :].partition(".")
                    if name not in (self._modules if dot else held):
                        unexpected_keys.append(key)

    def _held_tensors(self) -> dict:
        """This module's own parameters and persistent buffers, by name."""
        skip = self._non_persistent_buffers_set
        buffers = {name: t for name, t in self._buffers.items() if name not in skip}
        return {n: t for n, t in {**self._parameters, **buffers}.items() if t is not None}

    def _load_one(self, name, key, tensor, value, assign) -> str | None:
        """Takes one value over; returns the text of an error, if there is one."""
        if not isinstance(value, _C.Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or '
                f"Tensor-like object from checkpoint but received {type(value)}"
            )
        if not is_lazy(tensor):
            if tensor.dim() == 0 and value.dim() == 1 and value.shape[0] == 1:
                value = value[0]  # scalars had an axis in old checkpoints
            if value.shape != tensor.shape:
                return (
                    f"size mismatch for {key}: copying a param with shape {value.shape} from "
                    f"checkpoint, the shape in current model is {tensor.shape}."
                )
        try:
            with rushlight.no_grad():
                if assign:
                    self._assign_one(name, tensor, value)
                else:
                    tensor.copy_(value)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{tensor.size()} and whose dimensions in the checkpoint are {value.size()}, an "
                f"exception occurred : {error.args}."
            )
        return None

    def _assign_one(self, name, tensor, value) -> None:
        if isinstance(tensor, Parameter):
            if isinstance(value, Parameter):
                value.requires_grad_(tensor.requires_grad)
            else:
                value = Parameter(value, tensor.requires_grad)
        setattr(self, name, value)

    def _register_state_dict_hook(self, hook):
        """hook(module, state_dict, prefix, local_metadata) may return another dictionary."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was "
                "previously registered via register_state_dict_post_hook"
            )
        return add_hook(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(self, hook):
        """Calls hook(module, state_dict, prefix, local_metadata) after state_dict() is filled."""
        hook._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook):
        """Calls hook(module, prefix, keep_vars) before state_dict() collects anything."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        if not with_module:
            return add_hook(self._load_state_dict_pre_hooks, hook)
        return self.register_load_state_dict_pre_hook(hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Calls hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs) before a state is loaded; it may change the dictionary."""
        return add_hook(self._load_state_dict_pre_hooks, BoundHook(hook, self))

    def register_load_state_dict_post_hook(self, hook):
        """Calls hook(module, incompatible_keys) after a state was loaded."""
        return add_hook(self._load_state_dict_post_hooks, hook)


class BoundHook:
    """A hook that gets its module first, and can be pickled with it."""

    def __init__(self, hook, module) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args):
        return self.hook(self.module, *args)
