"""Settings of the whole program: dtype, device, threads, determinism."""

from __future__ import annotations

from rushlight import _C
from rushlight._types import TENSOR_KINDS

__all__ = [
    "are_deterministic_algorithms_enabled",
    "compiled_with_cxx11_abi",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_grad_enabled",
    "is_storage",
    "set_default_device",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "typename",
    "use_deterministic_algorithms",
]

_precision = "highest"


def typename(obj, /) -> str:
    """The kind of a tensor ("torch.FloatTensor"), or the full name of an object's class."""
    if isinstance(obj, _C.Tensor):
        return f"{_C._printed_module()}.{TENSOR_KINDS[obj.dtype].__name__}"
    cls = type(obj)
    name = getattr(obj, "__qualname__", cls.__qualname__)
    module = getattr(obj, "__module__", None) or cls.__module__
    return name if module in ("", "builtins") else f"{module}.{name}"


def set_default_tensor_type(t, /) -> None:
    """Sets the default dtype to that of FloatTensor, DoubleTensor, ... or of such a name."""
    for dtype, kind in TENSOR_KINDS.items():
        if t is kind or (isinstance(t, str) and t.rpartition(".")[2] == kind.__name__):
            _C.set_default_dtype(dtype)
            return
    raise TypeError(f"set_default_tensor_type: expected a kind of tensor; got {t!r}")


def set_default_device(device) -> None:
    """Where new tensors are: "cpu" (or None) is what there is."""
    if device is not None and _C.device(device).type != "cpu":
        raise RuntimeError(f"set_default_device: there is no {device!s} here, only 'cpu'")


def get_default_device():
    """Where new tensors are: the CPU."""
    return _C.device("cpu")


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """True: the same bits whatever the number of threads."""
    _C.set_deterministic(bool(mode))


def are_deterministic_algorithms_enabled() -> bool:
    """Whether use_deterministic_algorithms(True) holds."""
    return _C.is_deterministic()


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: there is nothing to warn about."""
    return False


def set_deterministic_debug_mode(debug_mode) -> None:
    """0 or "default" as set_deterministic_algorithms(False), others as True."""
    use_deterministic_algorithms(debug_mode not in (0, "default"))


def get_deterministic_debug_mode() -> int:
    """2 where deterministic algorithms are on, else 0."""
    return 2 if _C.is_deterministic() else 0


def set_float32_matmul_precision(precision: str) -> None:
    """Is remembered: products of float32 are always computed in full."""
    global _precision
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: no precision {precision!r}")
    _precision = precision


def get_float32_matmul_precision() -> str:
    """What set_float32_matmul_precision was told, "highest" at first."""
    return _precision


def set_flush_denormal(mode: bool) -> bool:
    """Subnormal numbers are kept in any case; False says so."""
    return False


_interop_threads = 1


def set_num_interop_threads(count: int) -> None:
    """Is remembered: ops run one after another, each on `get_num_threads()` threads."""
    global _interop_threads
    if count < 1:
        raise RuntimeError(f"set_num_interop_threads: expects a positive number; got {count}")
    _interop_threads = count


def get_num_interop_threads() -> int:
    """What set_num_interop_threads was told, 1 at first."""
    return _interop_threads


def is_storage(obj) -> bool:
    """False: memory is seen through tensors only."""
    return False


def is_grad_enabled() -> bool:
    """Whether ops on this thread record what gradients need."""
    return _C.autograd.is_grad_enabled()


def compiled_with_cxx11_abi() -> bool:
    """True."""
    return True
