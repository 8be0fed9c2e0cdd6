"""The profiler under its older names; see `rushlight.profiler`."""

from __future__ import annotations

from typing import Any

from rushlight import profiler as _profiler
from rushlight.profiler import record_function
from rushlight.profiler._averages import EventList, FunctionEvent, FunctionEventAvg

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "profile", "record_function"]


class profile:  # noqa: N801
    """Records what runs in a `with` block; not at all with enabled=False."""

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        **_ignored: Any,
    ) -> None:
        self.enabled = enabled
        self._profile = _profiler.profile(
            record_shapes=record_shapes, with_flops=with_flops, profile_memory=profile_memory
        )

    def __enter__(self) -> profile:
        if self.enabled:
            self._profile.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self.enabled:
            self._profile.stop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._profile, name)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The table of all events."""
        return self._profile.events().table(*args, **kwargs)

    @property
    def function_events(self) -> EventList:
        """Every event in order."""
        return self._profile.events()

    @property
    def self_cpu_time_total(self) -> float:
        """Of all events, in microseconds."""
        return self._profile.events().self_cpu_time_total

    def __str__(self) -> str:
        return self.table() if self._profile._result else "<unfinished profile>"
