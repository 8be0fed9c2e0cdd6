"""Finding the op that made a NaN."""

from __future__ import annotations

from rushlight import _C

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class set_detect_anomaly:
    """Every op checks what it computes; the first NaN made of finite numbers raises an error.

    Holds from the call on; as a context manager until the block ends.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _C.autograd.is_anomaly_enabled()
        _C.autograd.set_anomaly_enabled(mode and check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception) -> None:
        _C.autograd.set_anomaly_enabled(self._before)


class detect_anomaly(set_detect_anomaly):
    """A block in which every op checks what it computes."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
