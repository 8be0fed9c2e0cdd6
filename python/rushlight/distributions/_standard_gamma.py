"""Draws of gamma distributions with rate 1, with gradients for the concentration.

Numbers come one by one from the generator, by Marsaglia and Tsang's rejection ("A simple method for
generating gamma variables", 2000), so that they are those of PyTorch for the same seed.
"""

from __future__ import annotations

import math

import rushlight as rl
from rushlight import _C


def standard_gamma(concentration, dtype=None):
    """One draw for each element of `concentration`, in its dtype or the one given."""
    dtype = dtype or concentration.dtype
    with rl.no_grad():
        drawn = [_draw(a) for a in concentration.to(_C.float64).reshape(-1).tolist()]
        sample = rl.tensor(drawn, dtype=_C.float64).view(tuple(concentration.shape))
        sample = sample.to(dtype).clamp(min=rl.finfo(dtype).tiny)
        if not concentration.requires_grad:
            return sample
        slope = _slope(concentration, sample)
    return sample + (concentration - concentration.detach()).to(dtype) * slope


def _draw(a: float) -> float:
    uniform, normal = _uniform, _normal
    scale = 1.0
    if a < 1:
        if a == 0:
            return 0.0
        scale = (1 - uniform()) ** (1 / a)
        a += 1
    d = a - 1 / 3
    c = 1 / math.sqrt(9 * d)
    while True:
        x = normal()
        y = 1 + c * x
        while y <= 0:
            x = normal()
            y = 1 + c * x
        v = y * y * y
        u = 1 - uniform()
        squeezed = u < 1 - 0.0331 * (x * x) * (x * x)
        if squeezed or math.log(u) < 0.5 * x * x + d * (1 - v + math.log(v)):
            return scale * d * v


def _uniform() -> float:
    return rl.rand((), dtype=_C.float64).item()


def _normal() -> float:
    return rl.randn((), dtype=_C.float64).item()


def _slope(concentration, sample):
    """dx/da where the share P(a, x) of the distribution below x stays: -(dP/da) / (dP/dx)."""
    a, x = concentration.to(_C.float64), sample.to(_C.float64)
    # Central differences; far right the share above x is the more precise one.
    step = 1e-4 * rl.minimum(a, a.sqrt())
    below = _C.special.gammainc(a + step, x) - _C.special.gammainc(a - step, x)
    above = _C.special.gammaincc(a + step, x) - _C.special.gammaincc(a - step, x)
    by_a = rl.where(x < a, below, -above) / (2 * step)
    density = rl.exp(rl.xlogy(a - 1, x) - x - rl.lgamma(a))
    return (-by_a / density).to(sample.dtype)
