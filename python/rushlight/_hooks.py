"""What a registration of a hook returns: a handle that takes the hook back."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict


class RemovableHandle:
    """Removes its hook on `remove()`, or at the end of a `with` block.

    `hooks` is the dictionary the hook is kept in, under `handle.id`; the entries of that id in
    `extra_dict` (a dictionary or a list of them) go with it.
    """

    _ids = itertools.count()

    def __init__(self, hooks_dict, *, extra_dict=None) -> None:
        self.id = next(self._ids)
        extra = [extra_dict] if isinstance(extra_dict, dict) else extra_dict or []
        self._dictionaries = [weakref.ref(d) for d in (hooks_dict, *extra)]

    def remove(self) -> None:
        """Takes the hook back; a second call does nothing."""
        for reference in self._dictionaries:
            dictionary = reference()
            if dictionary is not None:
                dictionary.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()

    def __getstate__(self):
        return self.id, [reference() for reference in self._dictionaries]

    def __setstate__(self, state) -> None:
        self.id, dictionaries = state
        self._dictionaries = [weakref.ref(OrderedDict() if d is None else d) for d in dictionaries]


def add_hook(hooks, hook, *, prepend=False, extra_dict=None) -> RemovableHandle:
    """Keeps `hook` in the ordered dictionary `hooks`, at its end or its start."""
    handle = RemovableHandle(hooks, extra_dict=extra_dict)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
