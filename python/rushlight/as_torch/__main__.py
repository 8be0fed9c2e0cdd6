"""`python -m rushlight.as_torch script.py arguments...`, or `-m module`, or `-c "code"`."""

from __future__ import annotations

import os
import runpy
import sys
import traceback

from rushlight import _C

from . import install, missing
from .missed import record

_USAGE = """usage: python -m rushlight.as_torch script.py [arguments...]
       python -m rushlight.as_torch -m module [arguments...]
       python -m rushlight.as_torch -c "code" [arguments...]
Runs a program written for PyTorch with rushlight under the name torch."""


def main(arguments) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    kind = arguments[0] if arguments[0] in ("-m", "-c") else "script"
    program = arguments if kind == "script" else arguments[1:]
    if not program:
        print(_USAGE, file=sys.stderr)
        return 2
    install()
    sys.argv[:] = ["-c", *program[1:]] if kind == "-c" else program
    try:
        _run(kind, program[0])
    except SystemExit as end:
        if end.code not in (None, 0):
            _report(end.__context__)
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _print_error(error)
        _report(error)
        return 1
    return 0


def _run(kind, program):
    if kind == "-m":
        sys.path[0] = os.getcwd()
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.path[0] = ""
        exec(compile(program, "<string>", "exec"), sys.modules["__main__"].__dict__)
    else:
        sys.path[0] = os.path.dirname(os.path.realpath(program))
        runpy.run_path(program, run_name="__main__")


def _print_error(error):
    """The traceback as Python prints it, with the program's own frames only."""
    printed = traceback.TracebackException.from_exception(error)
    part, own = printed, os.path.dirname(__file__)
    while part is not None:
        part.stack[:] = [
            frame
            for frame in part.stack
            if not frame.filename.startswith((own, runpy.__file__, "<frozen runpy>"))
        ]
        part = part.__cause__ or part.__context__
    print("".join(printed.format()), end="", file=sys.stderr)


def _report(error):
    """Says which names of PyTorch the program missed."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        _record_attribute(error)
        error = error.__cause__ or error.__context__
    names = missing()
    if not names:
        return
    print("\nrushlight has not these names that the program asked for:", file=sys.stderr)
    for name, place in names.items():
        print(f"  {name}" + (f"  ({place})" if place else ""), file=sys.stderr)


def _record_attribute(error):
    """Remembers an attribute that a tensor, or another object of ours, does not have."""
    owner = getattr(error, "obj", None)
    if not isinstance(error, AttributeError) or owner is None or not error.name:
        return
    kind = owner if isinstance(owner, type) else type(owner)
    if kind is _C.Tensor or issubclass(kind, _C.Tensor):
        record(f"torch.Tensor.{error.name}")
    elif kind.__module__.partition(".")[0] == "rushlight":
        record(f"torch.{kind.__qualname__}.{error.name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
