# Written by tools/make_stubs.py.
from builtins import float as _float
from typing import Any

from rushlight import amp as amp
from rushlight import array_api as array_api
from rushlight import as_torch as as_torch
from rushlight import autograd as autograd
from rushlight import backends as backends
from rushlight import compiler as compiler
from rushlight import cuda as cuda
from rushlight import distributed as distributed
from rushlight import distributions as distributions
from rushlight import fft as fft
from rushlight import func as func
from rushlight import jit as jit
from rushlight import linalg as linalg
from rushlight import multiprocessing as multiprocessing
from rushlight import nn as nn
from rushlight import optim as optim
from rushlight import profiler as profiler
from rushlight import random as random
from rushlight import safetensors as safetensors
from rushlight import serialization as serialization
from rushlight import special as special
from rushlight import testing as testing
from rushlight import torch_version as torch_version
from rushlight import types as types
from rushlight import utils as utils
from rushlight import version as version
from rushlight._C import *
from rushlight._C.torch import *
from rushlight._compile import compile as compile
from rushlight._grad_mode import enable_grad as enable_grad
from rushlight._grad_mode import inference_mode as inference_mode
from rushlight._grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from rushlight._grad_mode import no_grad as no_grad
from rushlight._grad_mode import set_grad_enabled as set_grad_enabled
from rushlight._numbers import finfo as finfo
from rushlight._numbers import iinfo as iinfo
from rushlight._printing import set_printoptions as set_printoptions
from rushlight._settings import (
    are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled,
)
from rushlight._settings import compiled_with_cxx11_abi as compiled_with_cxx11_abi
from rushlight._settings import get_default_device as get_default_device
from rushlight._settings import get_deterministic_debug_mode as get_deterministic_debug_mode
from rushlight._settings import get_float32_matmul_precision as get_float32_matmul_precision
from rushlight._settings import get_num_interop_threads as get_num_interop_threads
from rushlight._settings import (
    is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
)
from rushlight._settings import is_grad_enabled as is_grad_enabled
from rushlight._settings import is_storage as is_storage
from rushlight._settings import set_default_device as set_default_device
from rushlight._settings import set_default_tensor_type as set_default_tensor_type
from rushlight._settings import set_deterministic_debug_mode as set_deterministic_debug_mode
from rushlight._settings import set_float32_matmul_precision as set_float32_matmul_precision
from rushlight._settings import set_flush_denormal as set_flush_denormal
from rushlight._settings import set_num_interop_threads as set_num_interop_threads
from rushlight._settings import typename as typename
from rushlight._settings import use_deterministic_algorithms as use_deterministic_algorithms
from rushlight._shapes import broadcast_shapes as broadcast_shapes
from rushlight._types import channels_last as channels_last
from rushlight._types import channels_last_3d as channels_last_3d
from rushlight._types import contiguous_format as contiguous_format
from rushlight._types import layout as layout
from rushlight._types import memory_format as memory_format
from rushlight._types import preserve_format as preserve_format
from rushlight._types import qscheme as qscheme
from rushlight._types import strided as strided
from rushlight.amp import autocast as autocast
from rushlight.func import vmap as vmap
from rushlight.profiler import profile as profile
from rushlight.random import fork_rng as fork_rng
from rushlight.random import get_rng_state as get_rng_state
from rushlight.random import initial_seed as initial_seed
from rushlight.random import manual_seed as manual_seed
from rushlight.random import seed as seed
from rushlight.random import set_rng_state as set_rng_state
from rushlight.serialization import load as load
from rushlight.serialization import save as save
from rushlight.version import __version__ as __version__

BFloat16Tensor: Any
BoolTensor: Any
ByteTensor: Any
CharTensor: Any
DoubleTensor: Any
FloatTensor: Any
HalfTensor: Any
IntTensor: Any
LongTensor: Any
ShortTensor: Any
double: dtype
e: _float
float: dtype
half: dtype
inf: _float
int: dtype
long: dtype
nan: _float
newaxis: Any
pi: _float
short: dtype
