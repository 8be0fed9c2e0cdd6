"""Rushlight: a small deep-learning engine with PyTorch's names."""

import importlib

from . import _C as _C
from ._C import *  # noqa: F403
from ._C.torch import *  # noqa: F403

# What is imported when first asked for, so that `import rushlight` stays quick.
_MODULES = {
    "amp",
    "as_torch",
    "backends",
    "cuda",
    "distributed",
    "distributions",
    "jit",
    "multiprocessing",
    "nn",
    "optim",
    "safetensors",
    "serialization",
    "testing",
    "utils",
    "version",
}
_NAMES = {"autocast": "amp", "load": "serialization", "save": "serialization"}


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_MODULES, *_NAMES})
