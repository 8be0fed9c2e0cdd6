"""The default generator: seeds, and its state."""

from __future__ import annotations

import contextlib
import copyreg

from rushlight import _C

__all__ = [
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]

default_generator = _C.default_generator


def _restored(state):
    """A generator in this state: what a pickled one becomes."""
    generator = _C.Generator()
    generator.set_state(state)
    return generator


def _reduced(generator):
    return _restored, (generator.get_state(),)


copyreg.pickle(_C.Generator, _reduced)


def manual_seed(seed):
    """Starts the stream of `seed`: from here on the same numbers as PyTorch's. Gives the generator.

    Negative seeds count from 2**64 down.
    """
    seed = int(seed)
    if not -(1 << 63) <= seed < 1 << 64:
        raise RuntimeError(f"manual_seed: a seed lies in [-2**63, 2**64); got {seed}")
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seeds the default generator from the system's random numbers; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's state as a tensor of bytes, in PyTorch's layout."""
    return default_generator.get_state()


def set_rng_state(new_state) -> None:
    """Puts the default generator into a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices=None, enabled=True, _caller="fork_rng", _devices_kw="devices", device_type=None
):
    """Inside the block random numbers may be drawn; after it, the generator is as it was before."""
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
