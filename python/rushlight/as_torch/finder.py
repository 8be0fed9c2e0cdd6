"""`torch` and its submodules for the import system.

`torch` is a module of its own that takes its attributes from rushlight, so that it can have
PyTorch's version; each `torch.x.y` is the module `rushlight.x.y` itself.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

import rushlight
from rushlight import _C
from rushlight.torch_version import TorchVersion

from .missed import asking_frame, error_for, record, text_of

# The version of PyTorch whose behaviour rushlight follows; programs compare with it.
_VERSION = TorchVersion("2.13.0+rushlight")


def ours(name: str) -> str:
    return "rushlight" + name[len("torch") :]


class TorchFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds torch.x.y as rushlight.x.y, and nowhere else."""

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("torch."):
            return None
        if _find(ours(name)) is None:
            record(name, asking_frame(1))
            raise ModuleNotFoundError(text_of(name), name=name)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = importlib.import_module(ours(spec.name))
        self._spec = module.__spec__
        return module

    def exec_module(self, module):
        # The import system has put the spec of torch.x.y in; the module stays rushlight's.
        module.__spec__ = self._spec
        explain_missing(module)


def _find(name):
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


def explain_missing(module):
    """Gives a module of rushlight, and those below it, errors with PyTorch's names."""
    if getattr(module.__dict__.get("__getattr__"), "explains_missing", False):
        return
    own = module.__dict__.get("__getattr__")
    torch_name = "torch" + module.__name__[len("rushlight") :]

    def __getattr__(name):  # noqa: N807
        if own is not None:
            try:
                return own(name)
            except AttributeError:
                pass
        found = _submodule(module, name)
        if found is None:
            raise error_for(f"{torch_name}.{name}", module, depth=2)
        return found

    __getattr__.explains_missing = True
    module.__getattr__ = __getattr__
    for part in list(module.__dict__.values()):
        if isinstance(part, types.ModuleType) and part.__name__.startswith(f"{module.__name__}."):
            explain_missing(part)


def _submodule(module, name):
    """A submodule that nobody has imported yet: PyTorch imports nearly all of its own."""
    full = f"{module.__name__}.{name}"
    if name.startswith("__") or not hasattr(module, "__path__") or _find(full) is None:
        return None
    found = importlib.import_module(full)
    explain_missing(found)
    return found


class Torch(types.ModuleType):
    """The module `torch`. What it takes from rushlight it keeps, so that it is looked up once."""

    def __getattr__(self, name):
        found = rushlight.__dict__.get(name)
        if found is None:
            found = _submodule(rushlight, name)
        if found is None:
            try:
                found = getattr(rushlight, name)
            except AttributeError:
                raise error_for(f"torch.{name}", self, depth=2) from None
        if isinstance(found, types.ModuleType) and found.__name__.startswith("rushlight."):
            explain_missing(found)
        self.__dict__[name] = found
        return found

    def __dir__(self):
        return sorted({*dir(rushlight), *self.__dict__})


def make_torch(finder):
    """The module `torch` over rushlight; numbers, types and sizes then print as torch's."""
    torch = Torch("torch", rushlight.__doc__)
    torch.__spec__ = importlib.machinery.ModuleSpec("torch", finder, is_package=True)
    torch.__path__ = []
    torch.__file__ = rushlight.__file__
    torch.__version__ = _VERSION
    _C._set_printed_module("torch")
    return torch
