# Written by tools/make_stubs.py.
# mypy: disable-error-code="overload-overlap,overload-cannot-match,override"
from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Sequence
from typing import Any, overload

from rushlight._C import Generator, Number, Tensor, _device, _dtype

def _pack_padded_sequence(
    input: Tensor, lengths: Tensor, batch_first: _bool, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def _pad_packed_sequence(
    data: Tensor,
    batch_sizes: Tensor,
    batch_first: _bool,
    padding_value: _float,
    total_length: _int,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def abs(input: Tensor, *, out: Any = None) -> Tensor: ...
def abs_(input: Tensor) -> Tensor: ...
def absolute(input: Tensor, *, out: Any = None) -> Tensor: ...
def absolute_(input: Tensor) -> Tensor: ...
def acos(input: Tensor, *, out: Any = None) -> Tensor: ...
def acos_(input: Tensor) -> Tensor: ...
def acosh(input: Tensor, *, out: Any = None) -> Tensor: ...
def acosh_(input: Tensor) -> Tensor: ...
def adaptive_avg_pool1d(
    input: Tensor, output_size: _int | Sequence[_int], *, out: Any = None
) -> Tensor: ...
def adaptive_max_pool1d(
    input: Tensor, output_size: _int | Sequence[_int], *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def add(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
@overload
def add(
    input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number, out: Any = None
) -> Tensor: ...
@overload
def add_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
@overload
def add_(input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number) -> Tensor: ...
def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: _float = 1,
    alpha: _float = 1,
    out: Any = None,
) -> Tensor: ...
def addbmm_(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _float = 1, alpha: _float = 1
) -> Tensor: ...
def addcdiv(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _float = 1, out: Any = None
) -> Tensor: ...
def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _float = 1) -> Tensor: ...
def addcmul(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _float = 1, out: Any = None
) -> Tensor: ...
def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _float = 1) -> Tensor: ...
def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: _float = 1,
    alpha: _float = 1,
    out: Any = None,
) -> Tensor: ...
def addmm_(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _float = 1, alpha: _float = 1
) -> Tensor: ...
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: _float = 1, alpha: _float = 1, out: Any = None
) -> Tensor: ...
def addmv_(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: _float = 1, alpha: _float = 1
) -> Tensor: ...
def addr(
    input: Tensor,
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: _float = 1,
    alpha: _float = 1,
    out: Any = None,
) -> Tensor: ...
def addr_(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: _float = 1, alpha: _float = 1
) -> Tensor: ...
def adjoint(input: Tensor, *, out: Any = None) -> Tensor: ...
def affine_grid_generator(
    theta: Tensor, size: _int | Sequence[_int], align_corners: _bool, *, out: Any = None
) -> Tensor: ...
def all(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def allclose(
    input: Tensor,
    other: Tensor,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
) -> _bool: ...
def alpha_dropout(input: Tensor, p: _float, train: _bool, *, out: Any = None) -> Tensor: ...
def alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor: ...
def amax(
    input: Tensor,
    dim: _int | Sequence[_int] | None = (),
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def amin(
    input: Tensor,
    dim: _int | Sequence[_int] | None = (),
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def aminmax(
    input: Tensor, *, dim: _int | None = None, keepdim: _bool = False, out: Any = None
) -> tuple[Tensor, ...]: ...
def angle(input: Tensor, *, out: Any = None) -> Tensor: ...
def any(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def arange(
    end: Tensor | Number,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def arange(
    start: Tensor | Number,
    end: Tensor | Number,
    step: Tensor | Number = 1,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def arccos(input: Tensor, *, out: Any = None) -> Tensor: ...
def arccos_(input: Tensor) -> Tensor: ...
def arccosh(input: Tensor, *, out: Any = None) -> Tensor: ...
def arccosh_(input: Tensor) -> Tensor: ...
def arcsin(input: Tensor, *, out: Any = None) -> Tensor: ...
def arcsin_(input: Tensor) -> Tensor: ...
def arcsinh(input: Tensor, *, out: Any = None) -> Tensor: ...
def arcsinh_(input: Tensor) -> Tensor: ...
def arctan(input: Tensor, *, out: Any = None) -> Tensor: ...
def arctan2(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def arctan2_(input: Tensor, other: Tensor) -> Tensor: ...
def arctan_(input: Tensor) -> Tensor: ...
def arctanh(input: Tensor, *, out: Any = None) -> Tensor: ...
def arctanh_(input: Tensor) -> Tensor: ...
def argmax(
    input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def argmin(
    input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
def argsort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    stable: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def argwhere(input: Tensor, *, out: Any = None) -> Tensor: ...
def as_strided(
    input: Tensor,
    size: _int | Sequence[_int],
    stride: _int | Sequence[_int],
    storage_offset: _int | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def as_strided_scatter(
    input: Tensor,
    src: Tensor,
    size: _int | Sequence[_int],
    stride: _int | Sequence[_int],
    storage_offset: _int | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def as_tensor(
    data: Any, dtype: _dtype | None = None, device: Any | None = None, *, out: Any = None
) -> Tensor: ...
def asarray(
    obj: Any,
    *,
    dtype: _dtype | None = None,
    copy: _bool | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def asin(input: Tensor, *, out: Any = None) -> Tensor: ...
def asin_(input: Tensor) -> Tensor: ...
def asinh(input: Tensor, *, out: Any = None) -> Tensor: ...
def asinh_(input: Tensor) -> Tensor: ...
def atan(input: Tensor, *, out: Any = None) -> Tensor: ...
def atan2(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def atan2_(input: Tensor, other: Tensor) -> Tensor: ...
def atan_(input: Tensor) -> Tensor: ...
def atanh(input: Tensor, *, out: Any = None) -> Tensor: ...
def atanh_(input: Tensor) -> Tensor: ...
@overload
def atleast_1d(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def atleast_1d(*tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_1d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def atleast_2d(*tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def atleast_3d(*tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
def avg_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    *,
    out: Any = None,
) -> Tensor: ...
def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: _float = 1,
    alpha: _float = 1,
    out: Any = None,
) -> Tensor: ...
def baddbmm_(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _float = 1, alpha: _float = 1
) -> Tensor: ...
def bartlett_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def bernoulli(input: Tensor, *, generator: Generator | None = None, out: Any = None) -> Tensor: ...
@overload
def bernoulli(
    input: Tensor, p: _float, *, generator: Generator | None = None, out: Any = None
) -> Tensor: ...
def bilinear(
    input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Any = None
) -> Tensor: ...
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def bincount(
    input: Tensor, weights: Tensor | None = None, minlength: _int = 0, *, out: Any = None
) -> Tensor: ...
def bitwise_and(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_and_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def bitwise_left_shift(
    input: Tensor | Number, other: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def bitwise_left_shift_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def bitwise_not(input: Tensor, *, out: Any = None) -> Tensor: ...
def bitwise_not_(input: Tensor) -> Tensor: ...
def bitwise_or(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_or_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def bitwise_right_shift(
    input: Tensor | Number, other: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def bitwise_right_shift_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def bitwise_xor(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def bitwise_xor_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def blackman_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def block_diag(*tensors: Tensor, out: Any = None) -> Tensor: ...
@overload
def block_diag(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def bmm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def broadcast_tensors(*tensors: Tensor, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def broadcast_tensors(tensors: Sequence[Tensor], *, out: Any = None) -> tuple[Tensor, ...]: ...
def broadcast_to(input: Tensor, size: _int | Sequence[_int], *, out: Any = None) -> Tensor: ...
def bucketize(
    input: Tensor | Number,
    boundaries: Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    out: Any = None,
) -> Tensor: ...
def can_cast(from_: _dtype, to: _dtype) -> _bool: ...
@overload
def cartesian_prod(*tensors: Tensor, out: Any = None) -> Tensor: ...
@overload
def cartesian_prod(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def cat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
def cdist(
    x1: Tensor, x2: Tensor, p: _float = 2.0, compute_mode: Any | None = None, *, out: Any = None
) -> Tensor: ...
def ceil(input: Tensor, *, out: Any = None) -> Tensor: ...
def ceil_(input: Tensor) -> Tensor: ...
def celu(input: Tensor, alpha: _float = 1.0, *, out: Any = None) -> Tensor: ...
def celu_(input: Tensor, alpha: _float = 1.0) -> Tensor: ...
@overload
def chain_matmul(*matrices: Tensor, out: Any = None) -> Tensor: ...
@overload
def chain_matmul(matrices: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def channel_shuffle(input: Tensor, groups: _int, *, out: Any = None) -> Tensor: ...
def cholesky(input: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor: ...
def cholesky_inverse(input: Tensor, upper: _bool = False, *, out: Any = None) -> Tensor: ...
def cholesky_solve(
    input: Tensor, input2: Tensor, upper: _bool = False, *, out: Any = None
) -> Tensor: ...
def chunk(input: Tensor, chunks: _int, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]: ...
def clamp(
    input: Tensor,
    min: Tensor | Number | None = None,
    max: Tensor | Number | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def clamp_(
    input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None
) -> Tensor: ...
def clamp_max(input: Tensor, max: Tensor | Number, *, out: Any = None) -> Tensor: ...
def clamp_max_(input: Tensor, max: Tensor | Number) -> Tensor: ...
def clamp_min(input: Tensor, min: Tensor | Number, *, out: Any = None) -> Tensor: ...
def clamp_min_(input: Tensor, min: Tensor | Number) -> Tensor: ...
def clip(
    input: Tensor,
    min: Tensor | Number | None = None,
    max: Tensor | Number | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def clip_(
    input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None
) -> Tensor: ...
def clone(input: Tensor, *, memory_format: Any | None = None, out: Any = None) -> Tensor: ...
def column_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def combinations(
    input: Tensor, r: _int = 2, with_replacement: _bool = False, *, out: Any = None
) -> Tensor: ...
def concat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
def concatenate(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
def conj(input: Tensor, *, out: Any = None) -> Tensor: ...
def conj_physical(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str = "valid",
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str = "valid",
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str = "valid",
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_tbc(
    input: Tensor, weight: Tensor, bias: Tensor, pad: _int = 0, *, out: Any = None
) -> Tensor: ...
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def copysign(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def copysign_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def corrcoef(input: Tensor, *, out: Any = None) -> Tensor: ...
def cos(input: Tensor, *, out: Any = None) -> Tensor: ...
def cos_(input: Tensor) -> Tensor: ...
def cosh(input: Tensor, *, out: Any = None) -> Tensor: ...
def cosh_(input: Tensor) -> Tensor: ...
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def cosine_similarity(
    x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08, *, out: Any = None
) -> Tensor: ...
def count_nonzero(
    input: Tensor, dim: _int | Sequence[_int] | None = None, *, out: Any = None
) -> Tensor: ...
def cov(
    input: Tensor,
    *,
    correction: _int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
    out: Any = None,
) -> Tensor: ...
def cross(input: Tensor, other: Tensor, dim: _int | None = None, *, out: Any = None) -> Tensor: ...
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[_int],
    target_lengths: Tensor | Sequence[_int],
    blank: _int = 0,
    reduction: _int = 0,
    zero_infinity: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def cummax(input: Tensor, dim: _int, *, out: Any = None) -> tuple[Tensor, ...]: ...
def cummin(input: Tensor, dim: _int, *, out: Any = None) -> tuple[Tensor, ...]: ...
def cumprod(
    input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Any = None
) -> Tensor: ...
def cumprod_(input: Tensor, dim: _int, *, dtype: _dtype | None = None) -> Tensor: ...
def cumsum(input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Any = None) -> Tensor: ...
def cumsum_(input: Tensor, dim: _int, *, dtype: _dtype | None = None) -> Tensor: ...
@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def cumulative_trapezoid(
    y: Tensor, *, dx: _float = 1, dim: _int = -1, out: Any = None
) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Any = None) -> Tensor: ...
def deg2rad_(input: Tensor) -> Tensor: ...
def det(input: Tensor, *, out: Any = None) -> Tensor: ...
def detach(input: Tensor, *, out: Any = None) -> Tensor: ...
def detach_(input: Tensor) -> Tensor: ...
def diag(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def diag_embed(
    input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1, *, out: Any = None
) -> Tensor: ...
def diagflat(input: Tensor, offset: _int = 0, *, out: Any = None) -> Tensor: ...
def diagonal(
    input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Any = None
) -> Tensor: ...
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Any = None
) -> Tensor: ...
def diff(
    input: Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def digamma(input: Tensor, *, out: Any = None) -> Tensor: ...
def digamma_(input: Tensor) -> Tensor: ...
def dist(input: Tensor, other: Tensor, p: _float = 2, *, out: Any = None) -> Tensor: ...
@overload
def div(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
@overload
def div(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None, out: Any = None
) -> Tensor: ...
@overload
def div_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
@overload
def div_(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None
) -> Tensor: ...
@overload
def divide(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
@overload
def divide(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None, out: Any = None
) -> Tensor: ...
@overload
def divide_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
@overload
def divide_(
    input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None
) -> Tensor: ...
def dot(input: Tensor, tensor: Tensor, *, out: Any = None) -> Tensor: ...
def dropout(input: Tensor, p: _float, train: _bool, *, out: Any = None) -> Tensor: ...
def dropout_(input: Tensor, p: _float, train: _bool) -> Tensor: ...
@overload
def dsplit(input: Tensor, indices_or_sections: _int, *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def dsplit(
    input: Tensor, indices_or_sections: Sequence[_int], *, out: Any = None
) -> tuple[Tensor, ...]: ...
def dstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
@overload
def einsum(equation: str, *operands: Tensor, out: Any = None) -> Tensor: ...
@overload
def einsum(equation: str, operands: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: _int = -1,
    scale_grad_by_freq: _bool = False,
    sparse: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def empty(
    *size: _int,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def empty(
    size: Sequence[_int],
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def empty_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def empty_strided(
    size: _int | Sequence[_int],
    stride: _int | Sequence[_int],
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def eq(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def eq_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def equal(input: Tensor, other: Tensor) -> _bool: ...
def erf(input: Tensor, *, out: Any = None) -> Tensor: ...
def erf_(input: Tensor) -> Tensor: ...
def erfc(input: Tensor, *, out: Any = None) -> Tensor: ...
def erfc_(input: Tensor) -> Tensor: ...
def erfinv(input: Tensor, *, out: Any = None) -> Tensor: ...
def erfinv_(input: Tensor) -> Tensor: ...
def exp(input: Tensor, *, out: Any = None) -> Tensor: ...
def exp2(input: Tensor, *, out: Any = None) -> Tensor: ...
def exp2_(input: Tensor) -> Tensor: ...
def exp_(input: Tensor) -> Tensor: ...
def expm1(input: Tensor, *, out: Any = None) -> Tensor: ...
def expm1_(input: Tensor) -> Tensor: ...
def eye(
    n: _int,
    m: _int | None = None,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def feature_alpha_dropout(input: Tensor, p: _float, train: _bool, *, out: Any = None) -> Tensor: ...
def feature_alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor: ...
def feature_dropout(input: Tensor, p: _float, train: _bool, *, out: Any = None) -> Tensor: ...
def feature_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor: ...
def fill_(input: Tensor, value: Tensor | Number) -> Tensor: ...
def fix(input: Tensor, *, out: Any = None) -> Tensor: ...
def fix_(input: Tensor) -> Tensor: ...
def flatten(
    input: Tensor, start_dim: _int = 0, end_dim: _int = -1, *, out: Any = None
) -> Tensor: ...
@overload
def flip(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
@overload
def flip(input: Tensor, dims: Sequence[_int], *, out: Any = None) -> Tensor: ...
def fliplr(input: Tensor, *, out: Any = None) -> Tensor: ...
def flipud(input: Tensor, *, out: Any = None) -> Tensor: ...
def float_power(
    input: Tensor | Number, exponent: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def floor(input: Tensor, *, out: Any = None) -> Tensor: ...
def floor_(input: Tensor) -> Tensor: ...
def floor_divide(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def floor_divide_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def fmax(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def fmax_(input: Tensor, other: Tensor) -> Tensor: ...
def fmin(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def fmin_(input: Tensor, other: Tensor) -> Tensor: ...
def fmod(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def fmod_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def frac(input: Tensor, *, out: Any = None) -> Tensor: ...
def frac_(input: Tensor) -> Tensor: ...
def frexp(input: Tensor, *, out: Any = None) -> tuple[Tensor, ...]: ...
def from_dlpack(
    ext_tensor: Any,
    *,
    device: _device | str | _int | None = None,
    copy: _bool | None = None,
    out: Any = None,
) -> Tensor: ...
def from_numpy(ndarray: Any, *, out: Any = None) -> Tensor: ...
def frombuffer(
    buffer: Any,
    *,
    dtype: _dtype,
    count: _int = -1,
    offset: _int = 0,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def full(
    size: _int | Sequence[_int],
    fill_value: Tensor | Number,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def full_like(
    input: Tensor,
    fill_value: Tensor | Number,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def gather(
    input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Any = None
) -> Tensor: ...
def gcd(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def gcd_(input: Tensor, other: Tensor) -> Tensor: ...
def ge(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def ge_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def ger(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def gradient(
    input: Tensor,
    *,
    spacing: _float = 1,
    dim: _int | Sequence[_int] | None = None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Sequence[_float],
    dim: _int | Sequence[_int] | None = None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def gradient(
    input: Tensor,
    *,
    spacing: Sequence[Tensor],
    dim: _int | Sequence[_int] | None = None,
    edge_order: _int = 1,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def greater(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def greater_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def greater_equal(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def greater_equal_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def grid_sampler(
    input: Tensor,
    grid: Tensor,
    interpolation_mode: _int,
    padding_mode: _int,
    align_corners: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def group_norm(
    input: Tensor,
    num_groups: _int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enabled: _bool = True,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def gru(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def gru(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def gt(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def gt_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def hamming_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def hann_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def hardshrink(input: Tensor, lambd: _float = 0.5, *, out: Any = None) -> Tensor: ...
def heaviside(input: Tensor, values: Tensor, *, out: Any = None) -> Tensor: ...
def heaviside_(input: Tensor, values: Tensor) -> Tensor: ...
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: _float = 1.0, reduction: _int = 0, *, out: Any = None
) -> Tensor: ...
def histc(
    input: Tensor, bins: _int = 100, min: _float = 0, max: _float = 0, *, out: Any = None
) -> Tensor: ...
@overload
def histogram(
    input: Tensor,
    bins: _int,
    *,
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def histogram(
    input: Tensor,
    bins: Tensor,
    *,
    weight: Tensor | None = None,
    density: _bool = False,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def histogramdd(
    input: Tensor,
    bins: _int,
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
) -> Any: ...
@overload
def histogramdd(
    input: Tensor,
    bins: Sequence[_int],
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
) -> Any: ...
@overload
def histogramdd(
    input: Tensor,
    bins: Sequence[Tensor],
    range: Any | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
) -> Any: ...
@overload
def hsplit(input: Tensor, indices_or_sections: _int, *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def hsplit(
    input: Tensor, indices_or_sections: Sequence[_int], *, out: Any = None
) -> tuple[Tensor, ...]: ...
def hstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def hypot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def hypot_(input: Tensor, other: Tensor) -> Tensor: ...
def i0(input: Tensor, *, out: Any = None) -> Tensor: ...
def i0_(input: Tensor) -> Tensor: ...
def igamma(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def igamma_(input: Tensor, other: Tensor) -> Tensor: ...
def igammac(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def igammac_(input: Tensor, other: Tensor) -> Tensor: ...
def index_add(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: Tensor | Number = 1,
    out: Any = None,
) -> Tensor: ...
def index_add_(
    input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: Tensor | Number = 1
) -> Tensor: ...
def index_copy(
    input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Any = None
) -> Tensor: ...
def index_copy_(input: Tensor, dim: _int, index: Tensor, source: Tensor) -> Tensor: ...
def index_fill(
    input: Tensor, dim: _int, index: Tensor, value: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def index_fill_(input: Tensor, dim: _int, index: Tensor, value: Tensor | Number) -> Tensor: ...
def index_put(
    input: Tensor, indices: Any, values: Tensor, accumulate: _bool = False, *, out: Any = None
) -> Tensor: ...
def index_put_(
    input: Tensor, indices: Any, values: Tensor, accumulate: _bool = False
) -> Tensor: ...
def index_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor: ...
def index_reduce_(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
) -> Tensor: ...
def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Any = None) -> Tensor: ...
def inner(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool,
    *,
    out: Any = None,
) -> Tensor: ...
def inverse(input: Tensor, *, out: Any = None) -> Tensor: ...
def is_complex(input: Tensor) -> _bool: ...
def is_conj(input: Tensor) -> _bool: ...
def is_floating_point(input: Tensor) -> _bool: ...
def is_inference(input: Tensor) -> _bool: ...
def is_neg(input: Tensor) -> _bool: ...
def is_nonzero(input: Tensor) -> _bool: ...
def is_same_size(input: Tensor, other: Tensor) -> _bool: ...
def is_signed(input: Tensor) -> _bool: ...
def is_tensor(obj: Any) -> _bool: ...
def isclose(
    input: Tensor,
    other: Tensor,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def isfinite(input: Tensor, *, out: Any = None) -> Tensor: ...
def isfinite_(input: Tensor) -> Tensor: ...
def isin(
    elements: Tensor | Number,
    test_elements: Tensor | Number,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
    out: Any = None,
) -> Tensor: ...
def isinf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isinf_(input: Tensor) -> Tensor: ...
def isnan(input: Tensor, *, out: Any = None) -> Tensor: ...
def isnan_(input: Tensor) -> Tensor: ...
def isneginf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isposinf(input: Tensor, *, out: Any = None) -> Tensor: ...
def isreal(input: Tensor, *, out: Any = None) -> Tensor: ...
def istft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    normalized: _bool = False,
    onesided: _bool | None = None,
    length: _int | None = None,
    return_complex: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def kaiser_window(
    window_length: _int,
    periodic: _bool = True,
    beta: _float = 12.0,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def kl_div(
    input: Tensor,
    target: Tensor,
    reduction: _int = 0,
    *,
    log_target: _bool = False,
    out: Any = None,
) -> Tensor: ...
def kron(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def kthvalue(
    input: Tensor, k: _int, dim: _int = -1, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def layer_norm(
    input: Tensor,
    normalized_shape: _int | Sequence[_int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enable: _bool = True,
    *,
    out: Any = None,
) -> Tensor: ...
def lcm(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def lcm_(input: Tensor, other: Tensor) -> Tensor: ...
def ldexp(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def ldexp_(input: Tensor, other: Tensor) -> Tensor: ...
def le(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def le_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def lerp(
    input: Tensor, end: Tensor | Number, weight: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def lerp_(input: Tensor, end: Tensor | Number, weight: Tensor | Number) -> Tensor: ...
def less(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def less_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def less_equal(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def less_equal_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def lgamma(input: Tensor, *, out: Any = None) -> Tensor: ...
def lgamma_(input: Tensor) -> Tensor: ...
def linspace(
    start: _float,
    end: _float,
    steps: _int,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def log(input: Tensor, *, out: Any = None) -> Tensor: ...
def log10(input: Tensor, *, out: Any = None) -> Tensor: ...
def log10_(input: Tensor) -> Tensor: ...
def log1p(input: Tensor, *, out: Any = None) -> Tensor: ...
def log1p_(input: Tensor) -> Tensor: ...
def log2(input: Tensor, *, out: Any = None) -> Tensor: ...
def log2_(input: Tensor) -> Tensor: ...
def log_(input: Tensor) -> Tensor: ...
def log_softmax(
    input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Any = None
) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logaddexp2(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logaddexp_(input: Tensor, other: Tensor) -> Tensor: ...
def logcumsumexp(input: Tensor, dim: _int, *, out: Any = None) -> Tensor: ...
def logdet(input: Tensor, *, out: Any = None) -> Tensor: ...
def logical_and(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logical_and_(input: Tensor, other: Tensor) -> Tensor: ...
def logical_not(input: Tensor, *, out: Any = None) -> Tensor: ...
def logical_not_(input: Tensor) -> Tensor: ...
def logical_or(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logical_or_(input: Tensor, other: Tensor) -> Tensor: ...
def logical_xor(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def logical_xor_(input: Tensor, other: Tensor) -> Tensor: ...
def logit(input: Tensor, eps: _float | None = None, *, out: Any = None) -> Tensor: ...
def logit_(input: Tensor, eps: _float | None = None) -> Tensor: ...
def logspace(
    start: _float,
    end: _float,
    steps: _int,
    base: _float = 10.0,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def logsumexp(
    input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Any = None
) -> Tensor: ...
@overload
def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def lstm(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def lt(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def lt_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor: ...
def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor,
    unpack_data: _bool = True,
    unpack_pivots: _bool = True,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: _float = 0.0,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def masked_fill(
    input: Tensor, mask: Tensor, value: Tensor | Number, *, out: Any = None
) -> Tensor: ...
def masked_fill_(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor: ...
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Any = None) -> Tensor: ...
def masked_scatter_(input: Tensor, mask: Tensor, source: Tensor) -> Tensor: ...
def masked_select(input: Tensor, mask: Tensor, *, out: Any = None) -> Tensor: ...
def matmul(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def matrix_exp(input: Tensor, *, out: Any = None) -> Tensor: ...
def matrix_power(input: Tensor, n: _int, *, out: Any = None) -> Tensor: ...
@overload
def max(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def max(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def max_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def maximum(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def maximum_(input: Tensor, other: Tensor) -> Tensor: ...
def mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def median(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def median(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def meshgrid(
    *tensors: Tensor, indexing: str | None = "ij", out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def meshgrid(
    tensors: Sequence[Tensor], *, indexing: str | None = "ij", out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def min(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def min(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def minimum(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def minimum_(input: Tensor, other: Tensor) -> Tensor: ...
def mm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor: ...
def mode(
    input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def moveaxis(
    input: Tensor,
    source: _int | Sequence[_int],
    destination: _int | Sequence[_int],
    *,
    out: Any = None,
) -> Tensor: ...
def movedim(
    input: Tensor,
    source: _int | Sequence[_int],
    destination: _int | Sequence[_int],
    *,
    out: Any = None,
) -> Tensor: ...
def msort(input: Tensor, *, out: Any = None) -> Tensor: ...
def mul(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def mul_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def multinomial(
    input: Tensor,
    num_samples: _int,
    replacement: _bool = False,
    *,
    generator: Generator | None = None,
    out: Any = None,
) -> Tensor: ...
def multiply(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def multiply_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def mv(input: Tensor, vec: Tensor, *, out: Any = None) -> Tensor: ...
def mvlgamma(input: Tensor, p: _int, *, out: Any = None) -> Tensor: ...
def mvlgamma_(input: Tensor, p: _int) -> Tensor: ...
def nan_to_num(
    input: Tensor,
    nan: _float | None = 0.0,
    posinf: _float | None = None,
    neginf: _float | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def nan_to_num_(
    input: Tensor,
    nan: _float | None = 0.0,
    posinf: _float | None = None,
    neginf: _float | None = None,
) -> Tensor: ...
def nanmean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def nanmedian(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def nanmedian(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def nanquantile(
    input: Tensor,
    q: Tensor | Number,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor: ...
def nansum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Any = None,
) -> Tensor: ...
def narrow(input: Tensor, dim: _int, start: _int, length: _int, *, out: Any = None) -> Tensor: ...
def narrow_copy(
    input: Tensor, dim: _int, start: _int, length: _int, *, out: Any = None
) -> Tensor: ...
def ne(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def ne_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def neg(input: Tensor, *, out: Any = None) -> Tensor: ...
def neg_(input: Tensor) -> Tensor: ...
def negative(input: Tensor, *, out: Any = None) -> Tensor: ...
def negative_(input: Tensor) -> Tensor: ...
def nextafter(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
def nextafter_(input: Tensor, other: Tensor) -> Tensor: ...
def nonzero(input: Tensor, *, as_tuple: _bool = False) -> Any: ...
def norm(
    input: Tensor,
    p: Any = "fro",
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    dtype: _dtype | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def normal(
    mean: Tensor, std: Tensor | Number, *, generator: Generator | None = None, out: Any = None
) -> Tensor: ...
@overload
def normal(mean: Tensor, *, generator: Generator | None = None, out: Any = None) -> Tensor: ...
@overload
def normal(
    mean: _float, std: Tensor, *, generator: Generator | None = None, out: Any = None
) -> Tensor: ...
@overload
def normal(
    mean: _float,
    std: _float,
    size: _int | Sequence[_int],
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def not_equal(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def not_equal_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def numel(input: Tensor) -> _int: ...
@overload
def ones(
    *size: _int,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def ones(
    size: Sequence[_int],
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def ones_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def orgqr(input: Tensor, input2: Tensor, *, out: Any = None) -> Tensor: ...
def outer(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor: ...
def pairwise_distance(
    x1: Tensor,
    x2: Tensor,
    p: _float = 2.0,
    eps: _float = 1e-06,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
def pdist(input: Tensor, p: _float = 2.0, *, out: Any = None) -> Tensor: ...
@overload
def permute(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
@overload
def permute(input: Tensor, dims: Sequence[_int], *, out: Any = None) -> Tensor: ...
def pinverse(input: Tensor, rcond: _float = 1e-15, *, out: Any = None) -> Tensor: ...
def pixel_shuffle(input: Tensor, upscale_factor: _int, *, out: Any = None) -> Tensor: ...
def pixel_unshuffle(input: Tensor, downscale_factor: _int, *, out: Any = None) -> Tensor: ...
def poisson(input: Tensor, generator: Generator | None = None, *, out: Any = None) -> Tensor: ...
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: _bool,
    full: _bool,
    eps: _float,
    reduction: _int,
    *,
    out: Any = None,
) -> Tensor: ...
def polygamma(n: _int, input: Tensor, *, out: Any = None) -> Tensor: ...
def positive(input: Tensor, *, out: Any = None) -> Tensor: ...
def pow(input: Tensor | Number, exponent: Tensor | Number, *, out: Any = None) -> Tensor: ...
def pow_(input: Tensor | Number, exponent: Tensor | Number) -> Tensor: ...
def prelu(input: Tensor, weight: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def prod(input: Tensor, *, dtype: _dtype | None = None, out: Any = None) -> Tensor: ...
@overload
def prod(
    input: Tensor,
    dim: _int,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Any = None,
) -> Tensor: ...
def promote_types(type1: _dtype, type2: _dtype, *, out: Any = None) -> tuple[Tensor, ...]: ...
def put(
    input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False, *, out: Any = None
) -> Tensor: ...
def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor: ...
def qr(input: Tensor, some: _bool = True, *, out: Any = None) -> tuple[Tensor, ...]: ...
def quantile(
    input: Tensor,
    q: Tensor | Number,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Any = None,
) -> Tensor: ...
def rad2deg(input: Tensor, *, out: Any = None) -> Tensor: ...
def rad2deg_(input: Tensor) -> Tensor: ...
@overload
def rand(
    *size: _int,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def rand(
    size: Sequence[_int],
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def rand_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randint(
    low: _int,
    high: _int,
    size: _int | Sequence[_int],
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randint(
    high: _int,
    size: _int | Sequence[_int],
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randint_like(
    input: Tensor,
    high: _int,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randint_like(
    input: Tensor,
    low: _int,
    high: _int,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randn(
    *size: _int,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def randn(
    size: Sequence[_int],
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def randn_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def randperm(
    n: _int,
    *,
    generator: Generator | None = None,
    dtype: _dtype = ...,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def range(
    start: Tensor | Number = 0,
    end: Tensor | Number | None = None,
    step: Tensor | Number = 1,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def ravel(input: Tensor, *, out: Any = None) -> Tensor: ...
def real(input: Tensor, *, out: Any = None) -> Tensor: ...
def reciprocal(input: Tensor, *, out: Any = None) -> Tensor: ...
def reciprocal_(input: Tensor) -> Tensor: ...
def relu(input: Tensor, *, out: Any = None) -> Tensor: ...
def relu_(input: Tensor) -> Tensor: ...
def remainder(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def remainder_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def renorm(input: Tensor, p: _float, dim: _int, maxnorm: _float, *, out: Any = None) -> Tensor: ...
def renorm_(input: Tensor, p: _float, dim: _int, maxnorm: _float) -> Tensor: ...
@overload
def repeat_interleave(
    input: Tensor,
    repeats: _int,
    dim: _int | None = None,
    *,
    output_size: _int | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def repeat_interleave(
    input: Tensor,
    repeats: Tensor,
    dim: _int | None = None,
    *,
    output_size: _int | None = None,
    out: Any = None,
) -> Tensor: ...
@overload
def repeat_interleave(
    repeats: Tensor, *, output_size: _int | None = None, out: Any = None
) -> Tensor: ...
@overload
def reshape(input: Tensor, *shape: _int, out: Any = None) -> Tensor: ...
@overload
def reshape(input: Tensor, shape: Sequence[_int], *, out: Any = None) -> Tensor: ...
def resize_as_(input: Tensor, the_template: Tensor, memory_format: Any | None = None) -> Tensor: ...
def resolve_conj(input: Tensor, *, out: Any = None) -> Tensor: ...
def resolve_neg(input: Tensor, *, out: Any = None) -> Tensor: ...
def result_type(
    tensor1: Tensor | Number, tensor2: Tensor | Number, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def rms_norm(
    input: Tensor,
    normalized_shape: _int | Sequence[_int],
    weight: Tensor | None = None,
    eps: _float | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def rnn_relu(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    batch_first: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def rnn_tanh(
    data: Tensor,
    batch_sizes: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: _bool,
    num_layers: _int,
    dropout: _float,
    train: _bool,
    bidirectional: _bool,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def roll(
    input: Tensor,
    shifts: _int | Sequence[_int],
    dims: _int | Sequence[_int] | None = (),
    *,
    out: Any = None,
) -> Tensor: ...
def rot90(
    input: Tensor, k: _int = 1, dims: _int | Sequence[_int] = (0, 1), *, out: Any = None
) -> Tensor: ...
@overload
def round(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def round(input: Tensor, *, decimals: _int, out: Any = None) -> Tensor: ...
@overload
def round_(input: Tensor) -> Tensor: ...
@overload
def round_(input: Tensor, *, decimals: _int) -> Tensor: ...
def row_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
def rrelu(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    generator: Generator | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
def rrelu_(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    generator: Generator | None = None,
) -> Tensor: ...
def rsqrt(input: Tensor, *, out: Any = None) -> Tensor: ...
def rsqrt_(input: Tensor) -> Tensor: ...
def rsub(
    input: Tensor, other: Tensor | Number, *, alpha: Tensor | Number = 1, out: Any = None
) -> Tensor: ...
def scalar_tensor(
    s: Tensor | Number,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def scatter(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def scatter(
    input: Tensor, dim: _int, index: Tensor, value: Tensor | Number, *, out: Any = None
) -> Tensor: ...
@overload
def scatter(
    input: Tensor, dim: _int, index: Tensor, src: Tensor, *, reduce: str, out: Any = None
) -> Tensor: ...
@overload
def scatter(
    input: Tensor, dim: _int, index: Tensor, value: Tensor | Number, *, reduce: str, out: Any = None
) -> Tensor: ...
@overload
def scatter_(input: Tensor, dim: _int, index: Tensor, src: Tensor) -> Tensor: ...
@overload
def scatter_(input: Tensor, dim: _int, index: Tensor, value: Tensor | Number) -> Tensor: ...
@overload
def scatter_(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, reduce: str) -> Tensor: ...
@overload
def scatter_(
    input: Tensor, dim: _int, index: Tensor, value: Tensor | Number, *, reduce: str
) -> Tensor: ...
def scatter_add(
    input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Any = None
) -> Tensor: ...
def scatter_add_(input: Tensor, dim: _int, index: Tensor, src: Tensor) -> Tensor: ...
def scatter_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Any = None,
) -> Tensor: ...
def scatter_reduce_(
    input: Tensor, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True
) -> Tensor: ...
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Any = None,
) -> Tensor: ...
def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor,
    axis: _int = 0,
    unsafe: _bool = False,
    out: Any = None,
) -> Tensor: ...
def select(input: Tensor, dim: _int, index: _int, *, out: Any = None) -> Tensor: ...
def select_scatter(
    input: Tensor, src: Tensor, dim: _int, index: _int, *, out: Any = None
) -> Tensor: ...
def selu(input: Tensor, *, out: Any = None) -> Tensor: ...
def selu_(input: Tensor) -> Tensor: ...
def sgn(input: Tensor, *, out: Any = None) -> Tensor: ...
def sgn_(input: Tensor) -> Tensor: ...
def sigmoid(input: Tensor, *, out: Any = None) -> Tensor: ...
def sigmoid_(input: Tensor) -> Tensor: ...
def sign(input: Tensor, *, out: Any = None) -> Tensor: ...
def sign_(input: Tensor) -> Tensor: ...
def signbit(input: Tensor, *, out: Any = None) -> Tensor: ...
def sin(input: Tensor, *, out: Any = None) -> Tensor: ...
def sin_(input: Tensor) -> Tensor: ...
def sinc(input: Tensor, *, out: Any = None) -> Tensor: ...
def sinc_(input: Tensor) -> Tensor: ...
def sinh(input: Tensor, *, out: Any = None) -> Tensor: ...
def sinh_(input: Tensor) -> Tensor: ...
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: _int = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    out: Any = None,
) -> Tensor: ...
def slogdet(input: Tensor, *, out: Any = None) -> tuple[Tensor, ...]: ...
def softmax(
    input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Any = None
) -> Tensor: ...
@overload
def sort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    stable: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def sort(
    input: Tensor,
    *,
    stable: _bool | None,
    dim: _int = -1,
    descending: _bool = False,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def split(
    tensor: Tensor, split_size_or_sections: _int, dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def split(
    tensor: Tensor, split_size_or_sections: Sequence[_int], dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def split_with_sizes(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def sqrt(input: Tensor, *, out: Any = None) -> Tensor: ...
def sqrt_(input: Tensor) -> Tensor: ...
def square(input: Tensor, *, out: Any = None) -> Tensor: ...
def square_(input: Tensor) -> Tensor: ...
@overload
def squeeze(input: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def squeeze(input: Tensor, dim: _int | Sequence[_int], *, out: Any = None) -> Tensor: ...
def stack(tensors: Sequence[Tensor], dim: _int = 0, *, out: Any = None) -> Tensor: ...
@overload
def std(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float | None = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def std(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def std(input: Tensor, unbiased: _bool, *, out: Any = None) -> Tensor: ...
@overload
def std_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float | None = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def std_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def std_mean(input: Tensor, unbiased: _bool, *, out: Any = None) -> tuple[Tensor, ...]: ...
def stft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    pad_mode: str = "reflect",
    normalized: _bool = False,
    onesided: _bool | None = None,
    return_complex: _bool | None = None,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def sub(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
@overload
def sub(
    input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number, out: Any = None
) -> Tensor: ...
@overload
def sub_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
@overload
def sub_(input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number) -> Tensor: ...
@overload
def subtract(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
@overload
def subtract(
    input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number, out: Any = None
) -> Tensor: ...
@overload
def subtract_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
@overload
def subtract_(
    input: Tensor | Number, other: Tensor | Number, *, alpha: Tensor | Number
) -> Tensor: ...
def sum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Any = None,
) -> Tensor: ...
def svd(
    input: Tensor, some: _bool = True, compute_uv: _bool = True, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def swapaxes(input: Tensor, axis0: _int, axis1: _int, *, out: Any = None) -> Tensor: ...
def swapdims(input: Tensor, dim0: _int, dim1: _int, *, out: Any = None) -> Tensor: ...
def t(input: Tensor, *, out: Any = None) -> Tensor: ...
def take(input: Tensor, index: Tensor, *, out: Any = None) -> Tensor: ...
def take_along_dim(
    input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Any = None
) -> Tensor: ...
def tan(input: Tensor, *, out: Any = None) -> Tensor: ...
def tan_(input: Tensor) -> Tensor: ...
def tanh(input: Tensor, *, out: Any = None) -> Tensor: ...
def tanh_(input: Tensor) -> Tensor: ...
def tensor(
    data: Any,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def tensor_split(
    input: Tensor, sections: _int, dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor, indices_or_sections: _int, dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor, indices: _int | Sequence[_int], dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def tensor_split(
    input: Tensor, indices_or_sections: _int | Sequence[_int], dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
@overload
def tensordot(a: Tensor, b: Tensor, dims: _int = 2, *, out: Any = None) -> Tensor: ...
@overload
def tensordot(
    a: Tensor, b: Tensor, dims: Sequence[Sequence[_int]], *, out: Any = None
) -> Tensor: ...
def threshold(input: Tensor, threshold: _float, value: _float, *, out: Any = None) -> Tensor: ...
def threshold_(input: Tensor, threshold: _float, value: _float) -> Tensor: ...
@overload
def tile(input: Tensor, *dims: _int, out: Any = None) -> Tensor: ...
@overload
def tile(input: Tensor, dims: Sequence[_int], *, out: Any = None) -> Tensor: ...
def topk(
    input: Tensor,
    k: _int,
    dim: _int | None = -1,
    largest: _bool = True,
    sorted: _bool = True,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def trace(input: Tensor, *, out: Any = None) -> Tensor: ...
def transpose(input: Tensor, dim0: _int, dim1: _int, *, out: Any = None) -> Tensor: ...
@overload
def trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def trapezoid(y: Tensor, *, dx: _float = 1, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def trapz(y: Tensor, x: Tensor, *, dim: _int = -1, out: Any = None) -> Tensor: ...
@overload
def trapz(y: Tensor, *, dx: _float = 1, dim: _int = -1, out: Any = None) -> Tensor: ...
def triangular_solve(
    input: Tensor,
    A: Tensor,
    upper: _bool = True,
    transpose: _bool = False,
    unitriangular: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
def tril(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def tril_(input: Tensor, diagonal: _int = 0) -> Tensor: ...
def tril_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype = ...,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: _float = 1.0,
    p: _float = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    reduction: _int = 0,
    *,
    out: Any = None,
) -> Tensor: ...
def triu(input: Tensor, diagonal: _int = 0, *, out: Any = None) -> Tensor: ...
def triu_(input: Tensor, diagonal: _int = 0) -> Tensor: ...
def triu_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype = ...,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def true_divide(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def true_divide_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def trunc(input: Tensor, *, out: Any = None) -> Tensor: ...
def trunc_(input: Tensor) -> Tensor: ...
def unbind(input: Tensor, dim: _int = 0, *, out: Any = None) -> tuple[Tensor, ...]: ...
def unflatten(
    input: Tensor, dim: _int, sizes: _int | Sequence[_int], *, out: Any = None
) -> Tensor: ...
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | None = None,
) -> Any: ...
def unique_consecutive(
    input: Tensor,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | None = None,
) -> Any: ...
def unravel_index(
    indices: Tensor, shape: _int | Sequence[_int], *, out: Any = None
) -> tuple[Tensor, ...]: ...
def unsafe_chunk(
    input: Tensor, chunks: _int, dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def unsafe_split(
    input: Tensor, split_size: _int, dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def unsafe_split_with_sizes(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, out: Any = None
) -> tuple[Tensor, ...]: ...
def unsqueeze(input: Tensor, dim: _int, *, out: Any = None) -> Tensor: ...
def vander(
    x: Tensor, N: _int | None = None, increasing: _bool = False, *, out: Any = None
) -> Tensor: ...
@overload
def var(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float | None = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> Tensor: ...
@overload
def var(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> Tensor: ...
@overload
def var(input: Tensor, unbiased: _bool, *, out: Any = None) -> Tensor: ...
@overload
def var_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    *,
    correction: _float | None = 1,
    keepdim: _bool = False,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def var_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    unbiased: _bool = True,
    keepdim: _bool = False,
    *,
    out: Any = None,
) -> tuple[Tensor, ...]: ...
@overload
def var_mean(input: Tensor, unbiased: _bool, *, out: Any = None) -> tuple[Tensor, ...]: ...
def vdot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor: ...
@overload
def vsplit(input: Tensor, indices_or_sections: _int, *, out: Any = None) -> tuple[Tensor, ...]: ...
@overload
def vsplit(
    input: Tensor, indices_or_sections: Sequence[_int], *, out: Any = None
) -> tuple[Tensor, ...]: ...
def vstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor: ...
@overload
def where(
    condition: Tensor, input: Tensor | Number, other: Tensor | Number, *, out: Any = None
) -> Tensor: ...
@overload
def where(condition: Tensor, *, out: Any = None) -> tuple[Tensor, ...]: ...
def xlog1py(input: Tensor, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def xlog1py_(input: Tensor, other: Tensor | Number) -> Tensor: ...
def xlogy(input: Tensor | Number, other: Tensor | Number, *, out: Any = None) -> Tensor: ...
def xlogy_(input: Tensor | Number, other: Tensor | Number) -> Tensor: ...
def zero_(input: Tensor) -> Tensor: ...
@overload
def zeros(
    *size: _int,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
@overload
def zeros(
    size: Sequence[_int],
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
def zeros_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    device: _device = None,
    layout: Any = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    memory_format: Any = None,
    out: Any = None,
) -> Tensor: ...
