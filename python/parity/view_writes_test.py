"""Random programs that write in place through views of recorded tensors: values, gradients and
histories as PyTorch's."""

import random

import numpy
import pytest
import rushlight
import torch

VIEWS = [
    lambda t, r, axis: t.select(axis, r.randrange(t.shape[axis])),
    lambda t, r, axis: t[tuple(slice(r.randrange(2), None, r.choice([1, 2])) for _ in t.shape)],
    lambda t, r, axis: t.view(-1) if t.is_contiguous() else t[1:],
    lambda t, r, axis: t.transpose(axis, r.randrange(t.dim())),
    lambda t, r, axis: t.unsqueeze(axis),
    lambda t, r, axis: t.diagonal() if t.dim() > 1 else t[:1],
    lambda t, r, axis: t.narrow(axis, 0, max(t.shape[axis] - 1, 1)),
    lambda t, r, axis: t.permute(r.sample(range(t.dim()), t.dim())),
]
WRITES = [
    lambda t, part: t.add_(1.5),
    lambda t, part: t.mul_(part),
    lambda t, part: t.sub_(part.sum()),
    lambda t, part: t.copy_(part),
    lambda t, part: t.zero_(),
    lambda t, part: t.tanh_(),
    lambda t, part: t.addcmul_(part, part, value=0.5),
    lambda t, part: t.clamp_(-1, 1),
    lambda t, part: t.__setitem__(..., part),
    lambda t, part: t.__iadd__(part),
]
BASES = [
    lambda lib, x: x * 2,
    lambda lib, x: x.t() * 2,
    lambda lib, x: x.exp(),
    lambda lib, x: x.t().reshape(2, 6),
    lambda lib, x: lib.zeros(3, 4, dtype=lib.float64),
]


def step(lib, tensors, uses, z, r):
    t = tensors[r.randrange(len(tensors))]
    kind = r.random()
    if kind < 0.4 and min(t.shape, default=0) > 0:
        tensors.append(r.choice(VIEWS)(t, r, r.randrange(t.dim())))
    elif kind < 0.85:
        part = z.reshape(-1)[: t.numel()].reshape(tuple(t.shape))
        r.choice(WRITES)(t, part)
    else:
        uses.append((t * t.detach().cos()).sum())


def run(lib, seed):
    """What the program `seed` gives; its values and gradients, or which step was refused."""
    r, numbers = random.Random(seed), numpy.random.default_rng(seed)

    def drawn(shape, **options):
        return lib.tensor(numbers.standard_normal(shape), dtype=lib.float64, **options)

    x, z = drawn((3, 4), requires_grad=True), drawn((4, 6), requires_grad=True)
    tensors, uses = [r.choice(BASES)(lib, x)], []
    for number in range(r.randint(3, 10)):
        try:
            step(lib, tensors, uses, z, r)
        except RuntimeError:
            return f"step {number} is refused"
    total = (x.sum() + z.sum()) * 0 + sum(uses)
    for t in tensors:
        total = total + (t * drawn(tuple(t.shape))).sum()
    try:
        total.backward()
    except RuntimeError:
        return "backward is refused"
    shown = [t.detach().numpy() for t in tensors]
    return [*shown, x.grad.numpy(), z.grad.numpy()]


@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_programs(start):
    compared = 0
    for seed in range(start, start + 100):
        want, have = run(torch, seed), run(rushlight, seed)
        if isinstance(want, str):
            continue  # PyTorch refuses more: values, too, that only a gradient of zeros needs
        assert not isinstance(have, str), (seed, have)
        for a, b in zip(want, have, strict=True):
            numpy.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12, err_msg=str(seed))
        compared += 1
    assert compared > 20
