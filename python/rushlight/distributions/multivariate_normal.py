"""Normal distributions of vectors."""

from __future__ import annotations

import math

import rushlight as rl
from rushlight import _C

from . import constraints
from .distribution import Distribution
from .utils import lazy_property


class MultivariateNormal(Distribution):
    """The normal distribution of mean `loc` and the covariance given by one of covariance_matrix,
    its inverse precision_matrix, or its Cholesky factor scale_tril (the cheapest)."""

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _parameter_dims = {"loc": 1, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2}

    def __init__(
        self,
        loc,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args=None,
    ):
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError(
                "MultivariateNormal: give exactly one of covariance_matrix, precision_matrix and "
                f"scale_tril, got {len(given)}"
            )
        [(name, matrix)] = given.items()
        if loc.ndim < 1 or matrix.ndim < 2:
            raise ValueError(
                f"MultivariateNormal: loc must be at least one-dimensional and {name} two-"
                f"dimensional, got {loc.ndim} and {matrix.ndim} dimensions"
            )
        batch = tuple(rl.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        self.loc = loc.expand((*batch, *loc.shape[-1:]))
        self.__dict__[name] = matrix.expand((*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args=validate_args)
        self._factor = _factor_of(name, matrix)

    @lazy_property
    def scale_tril(self):
        return self._factor.expand(self._matrix_shape())

    @lazy_property
    def covariance_matrix(self):
        return (self._factor @ self._factor.mT).expand(self._matrix_shape())

    @lazy_property
    def precision_matrix(self):
        return rl.cholesky_inverse(self._factor).expand(self._matrix_shape())

    def _matrix_shape(self):
        return (*self._batch_shape, *self._event_shape, *self._event_shape)

    @property
    def mean(self):
        return self.loc

    mode = mean

    @property
    def variance(self):
        return self._factor.pow(2).sum(-1).expand(self._extended_shape())

    def rsample(self, sample_shape=()):
        noise = rl.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._factor @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        distance = squared_distance(self._factor, value - self.loc)
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - half_log_determinant(self._factor)

    def entropy(self):
        constant = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        return (constant + half_log_determinant(self._factor)).expand(self._batch_shape)


def _factor_of(name, matrix):
    """The lower triangular L with L L^T the covariance."""
    if name == "scale_tril":
        return matrix
    if name == "covariance_matrix":
        return _C.linalg.cholesky(matrix)
    # With P = U U^T for an upper triangular U, the covariance is (U^-1)^T U^-1.
    upper = _C.linalg.cholesky(matrix.flip((-2, -1))).flip((-2, -1)).mT
    identity = rl.eye(matrix.shape[-1], dtype=matrix.dtype)
    return _C.linalg.solve_triangular(upper, identity, upper=False)


def squared_distance(factor, difference):
    """d^T (L L^T)^-1 d for each vector d."""
    batch = rl.broadcast_shapes(factor.shape[:-2], difference.shape[:-1])
    factor = factor.expand((*batch, *factor.shape[-2:]))
    difference = difference.expand((*batch, *difference.shape[-1:]))
    solved = _C.linalg.solve_triangular(factor, difference.unsqueeze(-1), upper=False)
    return solved.squeeze(-1).pow(2).sum(-1)


def half_log_determinant(factor):
    """Half the logarithm of the determinant of L L^T."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
