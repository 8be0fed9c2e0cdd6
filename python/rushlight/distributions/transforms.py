"""Invertible functions, for distributions of what they make of others."""

from __future__ import annotations

import math

import rushlight as rl
from rushlight import _C

from . import constraints
from .utils import sum_rightmost


class Transform:
    """y = transform(x), x = transform.inv(y), and the logarithm of |dy/dx|.

    Derived classes give `_call`, `_inverse` and `log_abs_det_jacobian(x, y)`.
    """

    bijective = True
    domain = constraints.real
    codomain = constraints.real
    sign = 1

    def __init__(self, cache_size=0):
        self._cache_size = cache_size
        self._cached = None, None

    def __call__(self, x):
        if self._cache_size == 0:
            return self._call(x)
        old_x, old_y = self._cached
        if x is old_x:
            return old_y
        y = self._call(x)
        self._cached = x, y
        return y

    def _inv_call(self, y):
        if self._cache_size and y is self._cached[1]:
            return self._cached[0]
        return self._inverse(y)

    @property
    def inv(self):
        """The inverse, also a transform."""
        return _Inverse(self)

    @property
    def event_dim(self):
        """How many dimensions on the right are transformed together."""
        return max(self.domain.event_dim, self.codomain.event_dim)

    def forward_shape(self, shape):
        """The shape of the result for an input of this shape."""
        return shape

    def inverse_shape(self, shape):
        """The shape of the input for a result of this shape."""
        return shape

    def _call(self, x):
        raise NotImplementedError

    def _inverse(self, y):
        raise NotImplementedError

    def log_abs_det_jacobian(self, x, y):
        """log |dy/dx|."""
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, transform):
        super().__init__()
        self._of = transform

    @property
    def domain(self):
        return self._of.codomain

    @property
    def codomain(self):
        return self._of.domain

    @property
    def sign(self):
        return self._of.sign

    @property
    def inv(self):
        return self._of

    def __call__(self, x):
        return self._of._inv_call(x)

    def log_abs_det_jacobian(self, x, y):
        return -self._of.log_abs_det_jacobian(y, x)

    def __repr__(self):
        return f"{self._of!r}.inv"


class ComposeTransform(Transform):
    """One transform after the other."""

    def __init__(self, parts, cache_size=0):
        super().__init__(cache_size)
        self.parts = list(parts)

    @property
    def event_dim(self):
        return max((part.event_dim for part in self.parts), default=0)

    @property
    def domain(self):
        base = self.parts[0].domain if self.parts else constraints.real
        extra = self.event_dim - base.event_dim
        return constraints.independent(base, extra) if extra > 0 else base

    @property
    def codomain(self):
        base = self.parts[-1].codomain if self.parts else constraints.real
        extra = self.event_dim - base.event_dim
        return constraints.independent(base, extra) if extra > 0 else base

    @property
    def sign(self):
        return math.prod(part.sign for part in self.parts)

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def _inv_call(self, y):
        for part in reversed(self.parts):
            y = part._inv_call(y) if not isinstance(part, _Inverse) else part.inv(y)
        return y

    def log_abs_det_jacobian(self, x, y):
        total = rl.zeros_like(x).sum() if not self.parts else 0.0
        for part in self.parts:
            after = part(x)
            term = part.log_abs_det_jacobian(x, after)
            total = total + sum_rightmost(term, self.event_dim - part.event_dim)
            x = after
        return total

    def __repr__(self):
        return f"ComposeTransform({self.parts!r})"


class ExpTransform(Transform):
    """y = exp(x)."""

    codomain = constraints.positive

    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class AffineTransform(Transform):
    """y = loc + scale * x."""

    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim
        if event_dim:
            self.domain = self.codomain = constraints.independent(constraints.real, event_dim)

    @property
    def sign(self):
        if isinstance(self.scale, (int, float)):
            return (self.scale > 0) - (self.scale < 0)
        return self.scale.sign()

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        if isinstance(self.scale, (int, float)):
            result = rl.full_like(x, math.log(abs(self.scale)))
        else:
            result = self.scale.abs().log().expand(x.shape)
        return sum_rightmost(result, self._event_dim)


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    codomain = constraints.unit_interval

    def _call(self, x):
        return rl.sigmoid(x)

    def _inverse(self, y):
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x, y):
        return -_C.nn.softplus(-x) - _C.nn.softplus(x)


class TanhTransform(Transform):
    """y = tanh(x)."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return rl.atanh(y)

    def log_abs_det_jacobian(self, x, y):
        # log(1 - tanh(x)^2), written so that it stays finite for large x
        return 2.0 * (math.log(2.0) - x - _C.nn.softplus(-2.0 * x))


class PowerTransform(Transform):
    """y = x ** exponent, for positive x."""

    domain = codomain = constraints.positive

    def __init__(self, exponent, cache_size=0):
        super().__init__(cache_size)
        self.exponent = exponent

    def _call(self, x):
        return x.pow(self.exponent)

    def _inverse(self, y):
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x, y):
        return (self.exponent * y / x).abs().log()


class SoftplusTransform(Transform):
    """y = log(1 + exp(x))."""

    codomain = constraints.positive

    def _call(self, x):
        return _C.nn.softplus(x)

    def _inverse(self, y):
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x, y):
        return -_C.nn.softplus(-x)


class AbsTransform(Transform):
    """y = |x|; its inverse gives the positive x."""

    bijective = False
    codomain = constraints.nonnegative

    def _call(self, x):
        return x.abs()

    def _inverse(self, y):
        return y


identity_transform = ComposeTransform([])
