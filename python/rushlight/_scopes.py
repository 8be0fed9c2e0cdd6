"""What runs inside of which module: asked for by the profiler, and by compile() for its plans.

Nothing here is called unless somebody asked: calls of modules look at the hooks of all modules
anyhow, and find an entry there.
"""

from __future__ import annotations

import contextlib
import sys

from rushlight import _C

_HOOK = "scopes"
_begin_module = _C.profiler.begin_module

is_profiling = False  # whether the profiler was started from Python
_users = 0


class _Paths:
    """The paths of modules, "blocks.0.qkv", from the module that was called first."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.roots: list = []  # kept alive, so that nothing else gets their ids

    def of(self, module, is_outermost: bool) -> str:
        name = self.names.get(id(module))
        if name is None:
            if not is_outermost:  # made on the way: belongs to its caller
                return ""
            self._add(module)
            name = self.names[id(module)]
        return name

    def _add(self, root) -> None:
        parts = dict(root.named_modules())
        held = {id(part) for part in parts.values()}
        is_first = all(id(other) in held for other in self.roots)
        prefix = "" if is_first else type(root).__name__
        for name, part in parts.items():
            self.names[id(part)] = ".".join(filter(None, (prefix, name)))
        self.roots.append(root)


_paths = _Paths()
_depth = 0


def in_module(module, run, args, kwargs):
    """run(args, kwargs), as part of the module."""
    global _depth
    scope = _begin_module(type(module).__name__, _paths.of(module, _depth == 0))
    _depth += 1
    try:
        return run(args, kwargs)
    finally:
        _depth -= 1
        scope.end()


def in_range(name, run):
    """run(), as an event of the profile."""
    scope = _C.profiler.begin_range(name)
    try:
        return run()
    finally:
        scope.end()


@contextlib.contextmanager
def modules_noted():
    """Within it, calls of modules are noted."""
    global _users, _paths
    hooks = sys.modules.get("rushlight.nn.modules.module_hooks")
    if hooks is None:  # no modules yet
        yield
        return
    _users += 1
    hooks.all_calls[_HOOK] = True
    try:
        yield
    finally:
        _users -= 1
        if _users == 0:
            del hooks.all_calls[_HOOK]
            _paths = _Paths()
