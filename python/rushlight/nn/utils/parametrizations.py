"""Weight norm, spectral norm and orthogonal weights as parametrisations."""

from __future__ import annotations

import rushlight
from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from rushlight.nn.modules.module import Module
from rushlight.nn.utils import parametrize
from rushlight.nn.utils._norms import as_matrix, drawn_direction, norm_except, weight_from

Tensor = _C.Tensor
_TRANSPOSED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)


def _weight_of(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_from(weight_g, weight_v, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Splits a weight into its length (original0) and direction (original1), trained apart.

    dim: the axis whose slices have a length each; None: one length for all.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def read_older_names(state_dict, prefix, *unused) -> None:
        keys = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in keys):
            for i, key in enumerate(keys):
                new = f"{prefix}parametrizations.{name}.original{i}"
                state_dict[new] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(read_older_names)
    return module


class _SpectralNorm(Module):
    """Divides a weight by its largest singular value, as far as the vectors _u and _v know it."""

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        rank = weight.dim()
        if not -rank <= dim < rank:
            raise IndexError(
                "Dimension out of range (expected to be in range of "
                f"[-{rank}, {rank - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % rank
        self.eps = eps
        if rank > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            self.register_buffer("_u", drawn_direction(matrix, matrix.shape[0], eps))
            self.register_buffer("_v", drawn_direction(matrix, matrix.shape[1], eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        """Turns the vectors towards the first singular ones."""
        with rushlight.no_grad():
            for _ in range(n_power_iterations):
                u = F.normalize(_C.torch.mv(matrix, self._v), dim=0, eps=self.eps)
                v = F.normalize(_C.torch.mv(matrix.t(), u), dim=0, eps=self.eps)
                self._u.copy_(u)
                self._v.copy_(v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # a later call may move them before backward
        return weight / _C.torch.dot(u, _C.torch.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divides a weight by its largest singular value. Miyato and others, 2018.

    dim: the axis of the outputs, 1 for transposed convolutions and else 0.
    """
    weight = _weight_of(module, name)
    if dim is None:
        dim = 1 if isinstance(module, _TRANSPOSED) else 0
    spectral = _SpectralNorm(weight, n_power_iterations, dim, eps)
    parametrize.register_parametrization(module, name, spectral)
    return module


class _Orthogonal(Module):
    """base @ exp(A) or base @ (I - A/2)^-1 (I + A/2), where A is skew-symmetric."""

    def __init__(self, weight: Tensor, orthogonal_map: str) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        is_wide = x.shape[-2] < x.shape[-1]
        x = (x.mT if is_wide else x).tril()
        n, k = x.shape[-2:]
        if n != k:
            x = F.pad(x, (0, n - k))
        skew = x - x.mT
        if self.orthogonal_map == "matrix_exp":
            q = _C.torch.matrix_exp(skew)
        else:
            identity = _C.torch.eye(n, dtype=x.dtype, device=x.device)
            q = _C.linalg.solve(identity - 0.5 * skew, identity + 0.5 * skew)
        q = _C.torch.matmul(self.base, q[..., :k])
        return q.mT if is_wide else q

    def right_inverse(self, q: Tensor) -> Tensor:
        """Keeps the nearest orthogonal matrix as the base; the parameter starts at -identity."""
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {q.shape}."
            )
        with rushlight.no_grad():
            tall = q.mT if q.shape[-2] < q.shape[-1] else q
            n, k = tall.shape[-2:]
            if n != k:
                more = _C.torch.randn((*tall.shape[:-2], n, n - k), dtype=q.dtype)
                tall = _C.torch.cat([tall, more], -1)
            self.base = _made_orthogonal(tall)
            rows, columns = q.shape[-2:]
            start = -_C.torch.eye(rows, columns, dtype=q.dtype, device=q.device)
            return start.expand(q.shape).clone()


def _made_orthogonal(a: Tensor) -> Tensor:
    q, r = _C.linalg.qr(a)
    signs = _C.torch.diagonal(r, dim1=-2, dim2=-1).sign()
    return q * signs.unsqueeze(-2)


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Keeps the rows (or columns, if fewer) of a weight orthogonal while it is trained.

    orthogonal_map: "matrix_exp" or "cayley".
    """
    weight = _weight_of(module, name)
    if weight.dim() < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions."
        )
    orthogonal_map = orthogonal_map or "matrix_exp"
    if orthogonal_map not in ("matrix_exp", "cayley") or not use_trivialization:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp" and "cayley", with '
            f"use_trivialization=True. Got: {orthogonal_map}"
        )
    layer = _Orthogonal(weight, orthogonal_map)
    parametrize.register_parametrization(module, name, layer, unsafe=True)
    return module
