"""torch.distributed for one process: nothing is distributed, and programs that ask are told so."""

from __future__ import annotations

__all__ = [
    "all_gather",
    "all_reduce",
    "barrier",
    "broadcast",
    "destroy_process_group",
    "gather",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "is_available",
    "is_initialized",
    "new_group",
    "reduce",
    "scatter",
]


def is_available() -> bool:
    """False: rushlight trains in one process."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


is_torchelastic_launched = is_nccl_available = is_gloo_available = is_initialized


def _absent(name):
    def function(*arguments, **options):
        raise RuntimeError(
            f"torch.distributed.{name}: rushlight trains in one process; start the program "
            "without torchrun, and ask torch.distributed.is_available() first"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises an error: there is one process."
    return function


for _name in __all__:
    if not _name.startswith("is_"):
        globals()[_name] = _absent(_name)
del _name
