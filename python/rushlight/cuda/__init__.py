"""What programs ask of torch.cuda on a machine without a GPU: there is none, and nothing to do.

Questions are answered, seeds and caches ignored; what needs a device raises an error.
"""

from __future__ import annotations

from . import amp

__all__ = [
    "Event",
    "Stream",
    "amp",
    "current_device",
    "current_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "get_rng_state_all",
    "init",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "ipc_collect",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_summary",
    "reset_max_memory_allocated",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "set_rng_state",
    "stream",
    "synchronize",
]


def is_available() -> bool:
    """False: rushlight computes on the CPU."""
    return False


def is_initialized() -> bool:
    """False: there is no device to initialise."""
    return False


def is_bf16_supported(including_emulation=True) -> bool:
    """False: there is no device."""
    return False


def device_count() -> int:
    """0."""
    return 0


def _ignored(name, text, result=None):
    def function(*arguments, **options):
        return result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


def _absent(name):
    def function(*arguments, **options):
        raise RuntimeError(
            f"torch.cuda.{name} needs a GPU, and rushlight computes on the CPU; ask "
            "torch.cuda.is_available() first"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises an error: there is no device."
    return function


for _name in ["manual_seed", "manual_seed_all", "seed", "seed_all"]:
    globals()[_name] = _ignored(_name, "Does nothing: there is no device with a generator.")
for _name in [
    "empty_cache",
    "ipc_collect",
    "reset_peak_memory_stats",
    "reset_max_memory_allocated",
]:
    globals()[_name] = _ignored(_name, "Does nothing: there is no memory of a device.")
for _name in [
    "memory_allocated",
    "memory_reserved",
    "max_memory_allocated",
    "max_memory_reserved",
]:
    globals()[_name] = _ignored(_name, "0: there is no memory of a device.", 0)
for _name in [
    "current_device",
    "current_stream",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "init",
    "memory_summary",
    "set_device",
    "set_rng_state",
    "stream",
    "synchronize",
    "Event",
    "Stream",
]:
    globals()[_name] = _absent(_name)
del _name


def get_rng_state_all():
    """An empty list: there are no devices."""
    return []


class device:  # noqa: N801 (PyTorch's name)
    """A `with` block for a device; with none there, the block just runs."""

    def __init__(self, device=None):
        self.device = device

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False
