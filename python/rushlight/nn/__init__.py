"""Layers, losses and models in PyTorch's shape: `nn.Module` and everything built on it."""

from rushlight.nn import attention, functional, init, parallel, parameter, utils
from rushlight.nn import modules as modules
from rushlight.nn.modules import *  # noqa: F403
from rushlight.nn.parallel import DataParallel
from rushlight.nn.parameter import (
    Buffer,
    Parameter,
    UninitializedBuffer,
    UninitializedParameter,
)

__all__ = [
    *modules.__all__,
    "Buffer",
    "DataParallel",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "functional",
    "init",
    "parallel",
    "parameter",
    "utils",
]
