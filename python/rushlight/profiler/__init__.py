"""Where the time goes: every op, forward, backward, of optimisers and of compiled functions.

    with rushlight.profile() as p:
        train_step()
    print(p.table())                      # by op; p.table(by="module") by module
    p.export_chrome_trace("trace.json")   # for ui.perfetto.dev

`profile`, `schedule`, `record_function` and `key_averages()` are as in `torch.profiler`.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from rushlight import _C, _scopes
from rushlight.profiler._averages import EventList, averages, total_of

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What could be watched. There is only the CPU here."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


class ProfilerAction(enum.Enum):
    """What the profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be watched."""
    return {ProfilerActivity.CPU}


def schedule(
    *,
    wait: int,
    warmup: int,
    active: int,
    repeat: int = 0,
    skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:
    """Which steps are recorded: after `skip_first`, cycles of waiting, warming up and recording.

    repeat: how many cycles, 0 for no end; skip_first_wait: not 0 leaves the first wait out.
    """
    if min(wait, warmup, repeat, skip_first, skip_first_wait) < 0 or active <= 0:
        raise ValueError("schedule: active must be positive, and nothing negative")
    cycle = wait + warmup + active

    def action_of(step: int) -> ProfilerAction:
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait != 0:
            step += wait
        if repeat > 0 and step >= repeat * cycle:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action_of


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """An `on_trace_ready` that writes each recording to a file of its own in `dir_name`."""

    def write(profiler: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        ending = ".gz" if use_gzip else ""
        name = f"{worker}.{time.time_ns()}.pt.trace.json{ending}"
        profiler.export_chrome_trace(os.path.join(dir_name, name))

    return write


class record_function(contextlib.ContextDecorator):  # noqa: N801
    """Shows what runs in a `with` block, or in a decorated function, as one event."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._scopes: list = []

    def __enter__(self) -> record_function:
        self._scopes.append(_C.profiler.begin_range(self.name))
        return self

    def __exit__(self, *_: Any) -> None:
        self._scopes.pop().end()


class _Recording:
    """One stretch of time in which everything is recorded."""

    def __init__(self, shapes: bool, memory: bool) -> None:
        importlib.import_module("rushlight.nn")  # its calls are watched, whoever imports it later
        from rushlight.optim import optimizer

        self.running = _C.profiler.Running(shapes, memory)
        self.steps: list = []  # of optimisers, those that run
        self.handles = [
            optimizer.register_optimizer_step_pre_hook(self._step_begins),
            optimizer.register_optimizer_step_post_hook(self._step_ends),
        ]
        self.modules = _scopes.modules_noted()
        self.modules.__enter__()
        _scopes.is_profiling = True

    def _step_begins(self, stepping: Any, *_: Any) -> None:
        self.steps.append(_C.profiler.begin_optimizer(type(stepping).__name__))

    def _step_ends(self, *_: Any) -> None:
        if self.steps:
            self.steps.pop().end()

    def stop(self) -> Any:
        result = self.running.stop()
        _scopes.is_profiling = False
        self.modules.__exit__(None, None, None)
        for handle in self.handles:
            handle.remove()
        while self.steps:  # a step that raised
            self.steps.pop().end()
        return result


class profile:  # noqa: N801
    """Records what runs in a `with` block, or between `start()` and `stop()`.

    With a `schedule`, call `step()` after each training step: only some are recorded, and
    `on_trace_ready(profile)` is called whenever a recording is complete. record_shapes notes the
    operands of every op, profile_memory what it allocates. Time and operations are always counted,
    modules always told; the other arguments change nothing. One profiler runs at a time.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.with_flops = with_flops
        self.step_num = 0
        self.current_action = self._action()
        self._recording: _Recording | None = None
        self._step: record_function | None = None
        self._result: Any = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Begins; with a schedule, with what that says of step 0."""
        self.current_action = self._action()
        self._follow(self.current_action)
        self._begin_step()

    def stop(self) -> None:
        """Ends, and hands a recording to `on_trace_ready`."""
        self._end_step()
        self._save()

    def step(self) -> None:
        """Says that the next step begins."""
        self._end_step()
        if self.current_action is ProfilerAction.RECORD_AND_SAVE:
            self._save()
        self.step_num += 1
        self.current_action = self._action()
        self._follow(self.current_action)
        self._begin_step()

    def _action(self) -> ProfilerAction:
        return self.schedule(self.step_num) if self.schedule else ProfilerAction.RECORD

    def _follow(self, action: ProfilerAction) -> None:
        records = action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if records and self._recording is None:
            self._recording = _Recording(self.record_shapes, self.profile_memory)
        elif not records:
            self._save()

    def _begin_step(self) -> None:
        if self.schedule is not None:
            self._step = record_function(f"ProfilerStep#{self.step_num}").__enter__()

    def _end_step(self) -> None:
        if self._step is not None:
            self._step.__exit__()
            self._step = None

    def _save(self) -> None:
        if self._recording is None:
            return
        recording, self._recording = self._recording, None
        self._result = recording.stop()
        if self.on_trace_ready:
            self.on_trace_ready(self)

    def _seen(self) -> Any:
        if self._result is None:
            raise RuntimeError("profile: nothing was recorded yet; leave the with block first")
        return self._result

    @property
    def seconds(self) -> float:
        """How long the recording took."""
        return self._seen().seconds

    def rows(self, by: str = "op") -> list[dict[str, Any]]:
        """Sums by "op", by "module" (with what is inside it) or by "op and module".

        Times in seconds: `seconds` without, `total_seconds` with what ran inside.
        """
        return self._seen().rows(by)

    def table(self, by: str = "op", sort_by: str = "time", rows: int = 60) -> str:
        """The same as text; sorted by time, calls, bytes, flops or name."""
        return self._seen().table(by, sort_by, rows)

    def events(self) -> EventList:
        """Every event in order, thread by thread."""
        return EventList.of_events(self._seen(), self.profile_memory, self.with_flops)

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """Sums by name (and operands, if record_shapes), with a `table()` as PyTorch prints it."""
        return averages(self._seen(), group_by_input_shape, self.profile_memory, self.with_flops)

    def total_average(self) -> Any:
        """All events added up."""
        return total_of(self.key_averages())

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Writes a trace for ui.perfetto.dev or chrome://tracing; compressed if it ends in .gz."""
        path = os.fspath(path)
        if not path.endswith(".gz"):
            self._seen().write_trace(path)
            return
        import gzip

        plain = path[: -len(".gz")]
        self._seen().write_trace(plain)
        with open(plain, "rb") as text, gzip.open(path, "wb") as packed:
            packed.write(text.read())
        os.remove(plain)
