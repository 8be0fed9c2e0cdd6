"""Layers without their first values."""

from __future__ import annotations

import inspect

from rushlight.nn import init
from rushlight.nn.modules.module import Module


def skip_init(module_cls, *args, **kwargs) -> Module:
    """Makes a layer whose first values are arbitrary: no random number is drawn."""
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with init.skipped():
        return module_cls(*args, **kwargs)
