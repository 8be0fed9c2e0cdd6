"""Tools around models: data sets and loaders, checkpoints of activations."""

import importlib

_MODULES = {"checkpoint", "data", "dlpack", "hooks"}


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted({*globals(), *_MODULES})
