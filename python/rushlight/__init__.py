"""Rushlight: a small deep-learning engine with PyTorch's names."""

from . import _C
from ._C import *  # noqa: F403
from ._C.torch import *  # noqa: F403
