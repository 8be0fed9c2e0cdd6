"""Runs programs written for PyTorch with rushlight under the name `torch`.

    python -m rushlight.as_torch script.py arguments...

runs a script unmodified; in a program, `rushlight.as_torch.install()` before the first
`import torch` does the same. PyTorch itself, if it is there, is never imported. A name of PyTorch
that rushlight has not raises an error that says so, and is remembered: `missing()` lists them, and
the command above prints them when the program fails.
"""

from __future__ import annotations

import sys

from .finder import TorchFinder, make_torch
from .missed import missing

__all__ = ["install", "is_installed", "missing"]


def install():
    """Makes `import torch` mean rushlight, for the rest of this process."""
    if is_installed():
        return
    if "torch" in sys.modules:
        raise RuntimeError(
            "as_torch.install: PyTorch is already imported; call install() before anything that "
            "imports torch, or start the program with `python -m rushlight.as_torch`"
        )
    finder = TorchFinder()
    sys.meta_path.insert(0, finder)
    sys.modules["torch"] = make_torch(finder)


def is_installed() -> bool:
    """Whether `import torch` means rushlight now."""
    return any(isinstance(finder, TorchFinder) for finder in sys.meta_path)
