"""Rushlight: a small deep-learning engine with PyTorch's names.

import rushlight as torch
"""

# ruff: noqa: F401  (a namespace: what it imports is what it has)
import importlib as _importlib
import math as _math

from . import _C as _C
from . import _tensor as _tensor  # gives Tensor its text, copies and hooks
from ._C import (
    DTypeError,
    Error,
    Generator,
    IoError,
    OutOfRange,
    ShapeError,
    Size,
    Tensor,
    bfloat16,
    default_generator,
    device,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    get_num_threads,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    set_num_threads,
    uint8,
)
from ._C import _dtype as _dtype
from ._C import bool as bool
from ._C.torch import *  # noqa: F403
from ._grad_mode import (
    enable_grad,
    inference_mode,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from ._numbers import finfo, iinfo
from ._printing import set_printoptions
from ._settings import *  # noqa: F403
from ._shapes import broadcast_shapes
from ._types import *  # noqa: F403
from .random import (
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64

e, inf, nan, pi = _math.e, _math.inf, _math.nan, _math.pi
newaxis = None

# What is imported when first asked for, so that `import rushlight` stays quick.
_MODULES = {
    "amp",
    "array_api",
    "as_torch",
    "autograd",
    "backends",
    "compiler",
    "cuda",
    "distributed",
    "distributions",
    "fft",
    "func",
    "jit",
    "linalg",
    "multiprocessing",
    "nn",
    "optim",
    "profiler",
    "random",
    "return_types",
    "safetensors",
    "serialization",
    "special",
    "testing",
    "torch_version",
    "types",
    "utils",
    "version",
}
_NAMES = {
    "autocast": "amp",
    "compile": "_compile",
    "load": "serialization",
    "profile": "profiler",
    "save": "serialization",
    "vmap": "func",
    "__version__": "version",
}


def __getattr__(name):
    if name in _MODULES:
        return _importlib.import_module(f"{__name__}.{name}")
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_MODULES, *_NAMES})
