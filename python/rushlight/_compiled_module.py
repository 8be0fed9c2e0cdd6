"""The module that compile(module) gives: it shares everything with the one it was made from."""

from __future__ import annotations

from rushlight.nn import Module


class OptimizedModule(Module):
    """Calls a module through its plans; parameters and attributes are those of `_orig_mod`."""

    def __init__(self, module, plans) -> None:
        super().__init__()
        self._orig_mod = module
        self.__dict__["_plans"] = plans
        self.train(module.training)

    def __call__(self, *args, **kwargs):
        return self._plans(args, kwargs)

    forward = __call__

    def __getattr__(self, name):
        if name == "_orig_mod":
            return self.__dict__["_modules"]["_orig_mod"]
        return getattr(self._orig_mod, name)

    def __setattr__(self, name, value) -> None:
        if name == "_orig_mod" or name in self.__dict__:
            super().__setattr__(name, value)
        else:
            setattr(self._orig_mod, name, value)

    def __delattr__(self, name) -> None:
        delattr(self._orig_mod, name)

    def __len__(self) -> int:
        return len(self._orig_mod)
