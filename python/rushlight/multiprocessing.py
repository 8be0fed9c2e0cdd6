"""Python's multiprocessing under PyTorch's name. Tensors are sent to other processes as copies."""

import multiprocessing as _multiprocessing
from multiprocessing import *  # noqa: F403

__all__ = [
    *_multiprocessing.__all__,
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
]


def get_all_sharing_strategies():
    """{'file_system'}: there is no choice."""
    return {"file_system"}


def get_sharing_strategy():
    """'file_system'."""
    return "file_system"


def set_sharing_strategy(new_strategy):
    """Does nothing: tensors are always copied."""


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """Runs fn(i, *args) in nprocs new processes; with join=False returns them, else waits and
    raises an error if one failed."""
    context = _multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    failed = [i for i, process in enumerate(processes) if process.exitcode != 0]
    if failed:
        raise RuntimeError(f"spawn: process {failed[0]} of {nprocs} failed")
    return None
