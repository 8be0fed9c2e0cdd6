"""Pruning: parameters whose least important elements are held at zero by a mask.

A pruned parameter `weight` is kept as `weight_orig`, with a buffer `weight_mask`; before each call
of the module, `weight` is their product. `remove` makes the zeros permanent.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable

import rushlight as rl


class BasePruningMethod(ABC):
    """A way to choose what to prune: a subclass gives `compute_mask(t, default_mask)`."""

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def __call__(self, module, inputs):
        """The hook before forward: the masked parameter takes its place in the module."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t, default_mask):
        """The mask of t: `default_mask` with more zeros, where elements are to be pruned."""

    def apply_mask(self, module):
        """The original parameter times the mask."""
        original = getattr(module, self._tensor_name + "_orig")
        mask = getattr(module, self._tensor_name + "_mask")
        return mask.to(original.dtype) * original

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """Prunes a parameter of the module, beyond what is pruned of it already."""
        method = cls(*args, **kwargs)
        method._tensor_name = name
        previous = _hook_of(module, name)
        if previous is not None:
            module._forward_pre_hooks.pop(previous[0])
            method = PruningContainer.joined(previous[1], method)
        parameter = getattr(module, name)
        scores = parameter if importance_scores is None else importance_scores
        if scores.shape != parameter.shape:
            raise ValueError(
                f"prune: importance_scores must have the shape of {name}, "
                f"{list(parameter.shape)}; got {list(scores.shape)}"
            )
        if previous is None:
            del module._parameters[name]
            module.register_parameter(name + "_orig", parameter)
            default_mask = rl.ones_like(parameter)
        else:
            default_mask = getattr(module, name + "_mask").detach().clone()
        mask = method.compute_mask(scores, default_mask=default_mask)
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t, default_mask=None, importance_scores=None):
        """A tensor with this method's mask applied; nothing is remembered."""
        scores = t if importance_scores is None else importance_scores
        default_mask = rl.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=default_mask)

    def remove(self, module):
        """Makes the zeros permanent: the parameter has its name again, the mask is gone."""
        name = self._tensor_name
        original = module._parameters.pop(name + "_orig")
        original.data = self._masked(module, original)
        del module._buffers[name + "_mask"]
        if name in module.__dict__:
            delattr(module, name)
        module.register_parameter(name, original)

    def _masked(self, module, original):
        return getattr(module, self._tensor_name + "_mask").to(original.dtype) * original.detach()


def _hook_of(module, name):
    """(id, method) of the hook that prunes this parameter, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return key, hook
    return None


class PruningContainer(BasePruningMethod):
    """Several methods for one parameter, each on what those before it have left."""

    def __init__(self, *args) -> None:
        methods = args[0] if len(args) == 1 and isinstance(args[0], Iterable) else args
        self._pruning_methods: tuple = ()
        for method in methods:
            self.add_pruning_method(method)

    @classmethod
    def joined(cls, first, second):
        """The container `first`, or one that holds it, with `second` added."""
        container = first if isinstance(first, cls) else cls(first)
        container.add_pruning_method(second)
        return container

    def add_pruning_method(self, method) -> None:
        """Adds a method for the same parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        name = getattr(self, "_tensor_name", method._tensor_name)
        if method._tensor_name != name:
            raise ValueError(
                f"this container prunes {name!r}; a method for {method._tensor_name!r} cannot join"
            )
        self._tensor_name = name
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self):
        return iter(self._pruning_methods)

    def __getitem__(self, index):
        return self._pruning_methods[index]

    def compute_mask(self, t, default_mask):
        """The last method's mask, computed on what is not pruned yet."""
        method = self._pruning_methods[-1]
        mask = default_mask.clone()
        if method.PRUNING_TYPE == "structured":
            dim = method.dim % t.dim()
            others = [axis for axis in range(t.dim()) if axis != dim]
            left = (mask.sum(dim=others) if others else mask) != 0
            places = (slice(None),) * dim + (left,)
        elif method.PRUNING_TYPE == "unstructured":
            places = mask == 1
        elif method.PRUNING_TYPE == "global":
            places = (slice(None),) * t.dim()
        else:
            raise ValueError(f"unrecognized PRUNING_TYPE {method.PRUNING_TYPE!r}")
        mask[places] = method.compute_mask(t[places], default_mask=mask[places]).to(mask.dtype)
        return mask


# ---- How much ------------------------------------------------------------------------------------


def _check_amount(amount) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"prune: amount must be a number; got {amount!r}")
    whole = isinstance(amount, numbers.Integral)
    if amount < 0 or (not whole and amount > 1):
        raise ValueError(
            "prune: amount must be a count, or a fraction between 0 and 1 as a float; "
            f"got {amount!r}"
        )


def _count(amount, size) -> int:
    """How many of `size` a count or a fraction means."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * size)
    if amount > size:
        raise ValueError(f"prune: amount={amount} is more than the {size} there are to prune")
    return amount


# ---- Methods -------------------------------------------------------------------------------------


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the mask."""

    def compute_mask(self, t, default_mask):
        """The mask as it is."""
        return default_mask


class _OfElements(BasePruningMethod):
    """Prunes single elements: those whose score comes last."""

    def __init__(self, amount) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t, default_mask):
        """The mask with `amount` more zeros."""
        count = _count(self.amount, t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[self._chosen(t, count)] = 0
        return mask


class RandomUnstructured(_OfElements):
    """Prunes elements by chance."""

    def _chosen(self, t, count):
        return rl.topk(rl.rand_like(t).view(-1), k=count).indices


class L1Unstructured(_OfElements):
    """Prunes the elements nearest to zero."""

    def _chosen(self, t, count):
        return rl.topk(t.detach().abs().reshape(-1), k=count, largest=False).indices


class _OfChannels(BasePruningMethod):
    """Prunes whole slices along an axis."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount, dim=-1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def compute_mask(self, t, default_mask):
        """The mask with `amount` more slices of zeros."""
        if t.dim() < 2:
            raise ValueError(
                f"prune: slices are of tensors with 2 dimensions or more; got {list(t.shape)}"
            )
        count = _count(self.amount, t.shape[self.dim])
        if count == 0:
            return default_mask
        shape = [1] * t.dim()
        shape[self.dim] = -1
        return default_mask * self._kept(t, count).to(default_mask.dtype).reshape(shape)


class RandomStructured(_OfChannels):
    """Prunes slices along an axis by chance."""

    def _kept(self, t, count):
        chance = rl.rand(t.shape[self.dim])
        return chance > rl.kthvalue(chance, k=count).values


class LnStructured(_OfChannels):
    """Prunes the slices along an axis whose norm of order n is least."""

    def __init__(self, amount, n, dim=-1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _kept(self, t, count):
        size = t.shape[self.dim]
        others = [axis for axis in range(t.dim()) if axis != self.dim % t.dim()]
        norms = rl.norm(t.detach(), p=self.n, dim=others)
        kept = rl.zeros(size)
        kept[rl.topk(norms, k=size - count).indices] = 1
        return kept


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is zero."""

    PRUNING_TYPE = "global"

    def __init__(self, mask) -> None:
        self.mask = mask

    def compute_mask(self, t, default_mask):
        """The mask with the zeros of the given one."""
        return default_mask * self.mask.to(default_mask.dtype)


# ---- Functions -----------------------------------------------------------------------------------


def identity(module, name):
    """Gives a parameter a mask of ones; the module comes back."""
    Identity.apply(module, name)
    return module


def random_unstructured(module, name, amount):
    """Prunes elements of a parameter by chance: a count, or a fraction between 0 and 1."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module, name, amount, importance_scores=None):
    """Prunes the elements of a parameter nearest to zero, or of the least scores."""
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module, name, amount, dim):
    """Prunes slices of a parameter along an axis by chance."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Prunes the slices of a parameter along an axis whose norm of order n is least."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module, name, mask):
    """Prunes a parameter where the mask is zero."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs) -> None:
    """Prunes elements of several parameters, `[(module, name), ...]`, as if they were one."""
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    parameters = list(parameters)
    importance_scores = importance_scores or {}
    if not isinstance(importance_scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    tensors = [getattr(module, name) for module, name in parameters]
    scores = [
        importance_scores.get(key, tensor) for key, tensor in zip(parameters, tensors, strict=True)
    ]
    masks = [
        getattr(module, name + "_mask", rl.ones_like(tensor))
        for (module, name), tensor in zip(parameters, tensors, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'only "unstructured" methods prune globally; '
            f"{pruning_method.__name__} is {method.PRUNING_TYPE!r}"
        )
    method._tensor_name = "temporary"
    container = PruningContainer(method)
    mask = container.compute_mask(
        rl.cat([score.detach().reshape(-1) for score in scores]),
        rl.cat([each.reshape(-1) for each in masks]),
    )
    parts = mask.split([tensor.numel() for tensor in tensors])
    for (module, name), tensor, part in zip(parameters, tensors, parts, strict=True):
        custom_from_mask(module, name, part.view_as(tensor))


def remove(module, name):
    """Makes the zeros of a pruned parameter permanent; the module comes back."""
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"prune: parameter {name!r} of {type(module).__name__} is not pruned")
    found[1].remove(module)
    del module._forward_pre_hooks[found[0]]
    return module


def is_pruned(module) -> bool:
    """Whether any parameter of the module or of those in it is pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for _, each in module.named_modules()
        for hook in each._forward_pre_hooks.values()
    )
