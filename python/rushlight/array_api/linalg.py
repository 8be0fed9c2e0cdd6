"""The standard's linear algebra; `eig` and `eigvals` would be complex and are absent."""

from __future__ import annotations

from typing import NamedTuple

from rushlight._C import Tensor, torch
from rushlight._C import linalg as _linalg
from rushlight._C.linalg import cholesky, det, eigvalsh, inv, matrix_power, svdvals

from ._dtypes import alike

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]


class EighResult(NamedTuple):
    """The eigenvalues in ascending order, and the eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """Orthonormal columns and an upper triangle, whose product is the matrix."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The determinant's sign and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """Orthonormal columns, the singular values in descending order, orthonormal rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


# ---- Products -----------------------------------------------------------------------------------


def matmul(x1, x2, /):
    """The product of matrices, or of matrices and vectors."""
    return torch.matmul(*alike(x1, x2))


def matrix_transpose(x, /):
    """The matrices with rows and columns exchanged."""
    return x.mT


def outer(x1, x2, /):
    """The products of every element of one vector and every one of the other."""
    return torch.outer(*alike(x1, x2))


def tensordot(x1, x2, /, *, axes=2):
    """Sums of products over pairs of axes, or over the last of x1 and the first of x2."""
    return torch.tensordot(*alike(x1, x2), axes)


def vecdot(x1, x2, /, *, axis=-1):
    """The sums of products along an axis, which counts from the end."""
    if axis >= 0:
        raise ValueError(f"vecdot: axis counts from the end, -1 is the last; got {axis}")
    if x1.shape[axis] != x2.shape[axis]:
        raise ValueError(
            f"vecdot: axis {axis} must be equally long in both; the shapes are {tuple(x1.shape)} "
            f"and {tuple(x2.shape)}"
        )
    x1, x2 = torch.broadcast_tensors(*alike(x1, x2))
    return torch.sum(x1 * x2, dim=axis, dtype=x1.dtype)


def cross(x1, x2, /, *, axis=-1):
    """The vectors at right angles to pairs of vectors of three."""
    return _linalg.cross(*torch.broadcast_tensors(*alike(x1, x2)), dim=axis)


# ---- Parts and measures -------------------------------------------------------------------------


def diagonal(x, /, *, offset=0):
    """The diagonal `offset` above the main one, of each matrix."""
    return torch.diagonal(x, offset, -2, -1)


def trace(x, /, *, offset=0, dtype=None):
    """The sum of a diagonal of each matrix."""
    return torch.sum(diagonal(x, offset=offset), dim=-1, dtype=dtype)


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """A norm of each matrix: "fro", "nuc", 1, 2, inf or the negative of these."""
    return _linalg.matrix_norm(x, ord, keepdim=keepdims)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norm of the elements along axes, of all if `axis` is None."""
    if axis == ():
        return _linalg.vector_norm(x.unsqueeze(-1), ord, -1)
    return _linalg.vector_norm(x, ord, axis, keepdims)


def matrix_rank(x, /, *, rtol=None):
    """How many singular values are more than `rtol` of the largest."""
    if not isinstance(rtol, Tensor):
        return _linalg.matrix_rank(x, rtol=rtol)
    values = svdvals(x)
    return torch.sum(values > _least(values, rtol), dim=-1)


def _least(values, rtol):
    """The singular values up to which they count as zero, where rtol is an array."""
    return rtol.unsqueeze(-1) * torch.amax(values, -1, True) if values.shape[-1] else values


def slogdet(x, /):
    """The determinant's sign and the logarithm of its absolute value."""
    return SlogdetResult(*_linalg.slogdet(x))


# ---- Factors and solutions ----------------------------------------------------------------------


def eigh(x, /):
    """The eigenvalues and eigenvectors of symmetric matrices."""
    return EighResult(*_linalg.eigh(x))


def qr(x, /, *, mode="reduced"):
    """Orthonormal columns and an upper triangle; square or with all rows if mode is "complete"."""
    return QRResult(*_linalg.qr(x, mode))


def svd(x, /, *, full_matrices=True):
    """The singular values between orthonormal columns and rows."""
    return SVDResult(*_linalg.svd(x, full_matrices))


def pinv(x, /, *, rtol=None):
    """The pseudo-inverse; singular values up to `rtol` of the largest count as zero."""
    if not isinstance(rtol, Tensor):
        return _linalg.pinv(x, rtol=rtol)
    u, values, vh = _linalg.svd(x, False)
    inverses = torch.where(values > _least(values, rtol), 1 / values, 0.0)
    return torch.matmul(vh.mT * inverses.unsqueeze(-2), u.mT)


def solve(x1, x2, /):
    """What x1 must be multiplied with to make x2: a vector if x2 has one axis, else matrices."""
    x1, x2 = alike(x1, x2)
    if x2.dim() == 1:
        return _linalg.solve(x1, x2.unsqueeze(-1)).squeeze(-1)
    return _linalg.solve(x1, x2)
