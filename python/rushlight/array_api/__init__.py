"""The names and rules of the array API standard, version 2025.12, over the same tensors.

`x.__array_namespace__()` gives this module to libraries that are written for the standard. Where
the standard and PyTorch agree, its names are the engine's functions themselves; where they differ
(promotion of tensors without dimensions, `axis=()`, `sign(nan)`, names of arguments), these
functions follow the standard, and those of `rushlight` PyTorch.

There are no complex dtypes, and of the unsigned ones only uint8, so `fft`, `imag`, `linalg.eig`
and `linalg.eigvals` are absent: `__array_namespace_info__()` tells.
"""

# ruff: noqa: F401, F403  (a namespace: what it imports is what it has)
from math import e, inf, nan, pi

from rushlight._C import bool as bool
from rushlight._C import device, float32, float64, int8, int16, int32, int64, uint8
from rushlight._shapes import broadcast_shapes
from rushlight.version import __version__

from . import linalg
from ._creation import *
from ._dtypes import __array_namespace_info__, astype, can_cast, finfo, iinfo, isdtype, result_type
from ._elementwise import *
from ._manipulation import *
from ._searching import *
from ._statistics import *
from .linalg import matmul, matrix_transpose, tensordot, vecdot

__array_api_version__ = "2025.12"
SUPPORTED_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")
newaxis = None
