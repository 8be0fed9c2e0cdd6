"""The handle that takes a hook back."""

from rushlight._hooks import RemovableHandle

__all__ = ["RemovableHandle"]
