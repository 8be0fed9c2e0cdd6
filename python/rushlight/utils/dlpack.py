"""Exchange of tensors with other libraries, without copies."""

from typing import Any

from rushlight import _C, from_dlpack

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: _C.Tensor) -> Any:
    """A capsule that holds the tensor's memory; one library may take it, once."""
    return tensor.__dlpack__()
