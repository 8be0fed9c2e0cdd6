"""The names of PyTorch that a program asked for and rushlight has not."""

from __future__ import annotations

import dis
import sys

_IMPORT_FROM = dis.opmap["IMPORT_FROM"]
_missed: dict[str, str] = {}


def missing() -> dict[str, str]:
    """The missing names so far, each with the place that asked for it first."""
    return dict(_missed)


def record(name, frame=None):
    """Remembers a missing name; `frame` is the program's."""
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
    _missed.setdefault(name, place)


def asking_frame(depth):
    """The program's frame that led here: the first, from `depth` calls up, that is neither the
    import system's nor ours."""
    frame = sys._getframe(depth + 1)
    while frame is not None and (
        frame.f_code.co_filename.startswith("<frozen importlib")
        or frame.f_globals.get("__name__", "").startswith(("importlib.", __package__))
    ):
        frame = frame.f_back
    return frame


def text_of(name) -> str:
    return f"rushlight has no {name}"


def error_for(name, module, depth):
    """The error for a missing attribute: ImportError for `from torch import name`.

    depth: how many calls up the code is that asked for the attribute.
    """
    frame = sys._getframe(depth)
    if not name.endswith("__"):  # the import system asks for __path__ and the like
        record(name, asking_frame(depth))
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM:
        return ImportError(text_of(name), name=module.__name__)
    return AttributeError(text_of(name), name=name.rpartition(".")[2], obj=module)
