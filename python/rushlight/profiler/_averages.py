"""Sums of events under PyTorch's names, and the table that PyTorch prints of them."""

from __future__ import annotations

from typing import Any

_UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}


def _key(event: dict[str, Any]) -> str:
    of = event["gradient_of"]
    return f"d({of}): {event['name']}" if of and event["kind"] == "op" else event["name"]


class FunctionEventAvg:
    """Events of one key. Times in microseconds."""

    # There is no other device.
    device_time_total = self_device_time_total = device_time = 0.0
    cuda_time_total = self_cuda_time_total = cuda_time = 0.0
    device_memory_usage = self_device_memory_usage = 0

    def __init__(self, key: str, input_shapes: str = "", is_user: bool = False) -> None:
        self.key = key
        self.input_shapes = input_shapes
        self.is_user_annotation = is_user
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.bytes = 0
        self.flops = 0.0

    @property
    def name(self) -> str:
        """The key, as single events call it."""
        return self.key

    @property
    def cpu_time(self) -> float:
        """The mean of a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def _add(self, event: dict[str, Any]) -> None:
        self.count += 1
        self.cpu_time_total += event["seconds"] * 1e6
        self.self_cpu_time_total += event["self_seconds"] * 1e6
        self.cpu_memory_usage += event["allocated"]
        self.self_cpu_memory_usage += event["allocated"]
        self.bytes += event["bytes"]
        self.flops += event["flops"]

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} "
            f"cpu_time={_time(self.cpu_time)} calls={self.count}>"
        )


class FunctionEvent(FunctionEventAvg):
    """One event; `time_range` is (start, end) in microseconds since the profiler was started."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(_key(event), event["operands"], event["kind"] == "range")
        self._add(event)
        start = event["start"] * 1e6
        self.time_range = (start, start + self.cpu_time_total)
        self.thread, self.depth, self.module = event["thread"], event["depth"], event["module"]


def _time(microseconds: float, unit: str | None = None) -> str:
    if unit is None:
        unit = "s" if microseconds >= 1e6 else "ms" if microseconds >= 1e3 else "us"
    return f"{microseconds / _UNITS[unit]:.3f}{unit}"


def _memory(count: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


class EventList(list):
    """Events or their averages, with a table."""

    def __init__(self, items: Any = (), *, result: Any, with_memory: bool, with_flops: bool):
        super().__init__(items)
        self._result, self._with_memory, self._with_flops = result, with_memory, with_flops

    @classmethod
    def of_events(cls, result: Any, with_memory: bool, with_flops: bool) -> EventList:
        """Every event that a profile holds."""
        return cls(
            map(FunctionEvent, result.events()),
            result=result,
            with_memory=with_memory,
            with_flops=with_flops,
        )

    @property
    def self_cpu_time_total(self) -> float:
        """Of all events, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def total_average(self) -> FunctionEventAvg:
        """All events added up."""
        return total_of(self)

    def export_chrome_trace(self, path: str) -> None:
        """Writes a trace for ui.perfetto.dev."""
        self._result.write_trace(path)

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """Lines of text; `sort_by` names an attribute, such as "self_cpu_time_total"."""
        events = list(self)
        if sort_by is not None:
            events.sort(key=lambda event: getattr(event, sort_by), reverse=True)
        if top_level_events_only:
            events = [event for event in events if getattr(event, "depth", 0) == 0]
        if row_limit >= 0:
            events = events[:row_limit]
        total = self.self_cpu_time_total
        titles, cells = self._columns(max_name_column_width, max_shapes_column_width, time_unit)
        lines = [titles, *([cell(event, total) for cell in cells] for event in events)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rule = "  ".join("-" * width for width in widths)
        text = [] if header is None else ["=" * len(rule), header]
        text += [rule, _line(titles, widths), rule]
        text += [_line(line, widths) for line in lines[1:]]
        text += [rule, f"Self CPU time total: {_time(total, time_unit)}", ""]
        return "\n".join(text)

    def _columns(self, name_width: int, shapes_width: int, unit: str | None):
        def share(part: float, total: float) -> str:
            return f"{100 * part / total if total else 0:.2f}%"

        columns = [
            ("Name", lambda e, total: _cut(e.key, name_width)),
            ("Self CPU %", lambda e, total: share(e.self_cpu_time_total, total)),
            ("Self CPU", lambda e, total: _time(e.self_cpu_time_total, unit)),
            ("CPU total %", lambda e, total: share(e.cpu_time_total, total)),
            ("CPU total", lambda e, total: _time(e.cpu_time_total, unit)),
            ("CPU time avg", lambda e, total: _time(e.cpu_time, unit)),
            ("# of Calls", lambda e, total: str(e.count)),
        ]
        if self._with_memory:
            columns.append(("Self CPU Mem", lambda e, total: _memory(e.self_cpu_memory_usage)))
        if self._with_flops:
            columns.append(
                ("Total MFLOPs", lambda e, total: f"{e.flops * 1e-6:.3f}" if e.flops else "--")
            )
        if any(event.input_shapes for event in self):
            columns.append(("Input Shapes", lambda e, total: _cut(e.input_shapes, shapes_width)))
        return [title for title, _ in columns], [cell for _, cell in columns]

    def __str__(self) -> str:
        return self.table()


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


def averages(result: Any, by_shape: bool, with_memory: bool, with_flops: bool) -> EventList:
    """Events added up by name, and by operands if asked for."""
    sums: dict[tuple, FunctionEventAvg] = {}
    for event in result.events():
        key = _key(event), event["operands"] if by_shape else "", event["kind"]
        if key not in sums:
            sums[key] = FunctionEventAvg(key[0], key[1], key[2] == "range")
        sums[key]._add(event)
    return EventList(sums.values(), result=result, with_memory=with_memory, with_flops=with_flops)


def total_of(events: EventList) -> FunctionEventAvg:
    """One sum of all."""
    total = FunctionEventAvg("Total")
    for event in events:
        total.count += event.count
        for name in ("cpu_time_total", "self_cpu_time_total", "bytes", "flops"):
            setattr(total, name, getattr(total, name) + getattr(event, name))
        total.cpu_memory_usage += event.cpu_memory_usage
        total.self_cpu_memory_usage += event.self_cpu_memory_usage
    return total
