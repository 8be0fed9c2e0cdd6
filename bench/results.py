"""From single measurements to rows of results: medians, ratios, a table, JSON.

A row is about one workload, task, batch, mode of ours, number of threads and dtype. Ratios are a
peer's time over ours: 2 means that we are twice as fast.
"""

import json
import math
import statistics
from collections import defaultdict

from sides import SIDES
from work import flops

BY_NAME = {side.name: side for side in SIDES}
TORCH_OF = {"float32": "torch-eager", "bfloat16": "torch-bf16"}
SCHEMA = 1  # of the JSON file


class Results:
    def __init__(self, peaks):
        """peaks: threads -> dtype -> GFLOP/s, as far as they were measured."""
        self.peaks = peaks
        self._runs = defaultdict(lambda: defaultdict(list))  # job -> side -> measurements
        self.absent = {}  # "side: workload ..." -> why

    def add(self, job, side_name, measurement):
        self._runs[job][side_name].append(measurement)

    def add_absent(self, job, side_name, why):
        self.absent[f"{side_name}: {job}"] = why

    def rows(self):
        return [row for job in self._runs for row in self.rows_of(job)]

    def rows_of(self, job):
        runs = {name: summary(found) for name, found in self._runs[job].items()}
        peers = {name: run["ms"] for name, run in runs.items() if not BY_NAME[name].is_ours}
        return [
            self._row(job, BY_NAME[name], run, peers, runs)
            for name, run in runs.items()
            if BY_NAME[name].is_ours
        ]

    def _row(self, job, side, run, peers, runs):
        torch = TORCH_OF[side.dtype]
        best = best_of(peers)
        bound = self._bound_ms(job, side.dtype)
        torch_growth = runs.get(torch, {}).get("growth_mb")
        return {
            "workload": job.workload,
            "task": job.task,
            "batch": job.batch,
            "mode": "python" if side.lib == "python" else side.mode,
            "threads": job.threads,
            "dtype": side.dtype,
            **run,
            "peers_ms": peers,
            "over_torch": ratio(peers.get(torch), run["ms"]),
            "best_peer": best,
            "over_best": ratio(peers.get(best), run["ms"]),
            "bound_ms": bound,
            "of_bound": ratio(bound, run["ms"]),
            "torch_peak_mb": runs.get(torch, {}).get("peak_mb"),
            "torch_growth_mb": torch_growth,
            "memory_of_torch": ratio(run["growth_mb"], torch_growth),
        }

    def _bound_ms(self, job, dtype):
        peak = self.peaks.get(job.threads, {}).get(dtype)
        work = flops(job.workload, job.task == "train", job.batch)
        return round(work / peak / 1e6, 5) if peak else None


def summary(runs):
    """The medians of one side's rounds."""
    facts = {
        "ms": statistics.median(run["median_ms"] for run in runs),
        "min_ms": min(run["min_ms"] for run in runs),
        "rounds": len(runs),
    }
    for key in ("peak_mb", "growth_mb", "tensor_peak_mb"):
        if all(key in run for run in runs):
            facts[key] = round(statistics.median(run[key] for run in runs), 3)
    return facts


def best_of(peers):
    """The name of the fastest float32 peer, if there is one."""
    float32 = {name: ms for name, ms in peers.items() if BY_NAME[name].dtype == "float32"}
    return min(float32, key=float32.get) if float32 else None


def ratio(a, b):
    return round(a / b, 4) if a is not None and b is not None and b > 0 else None


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def better_of_eager_and_compiled(rows):
    """The faster row of each workload that was run eagerly and compiled."""
    by_workload = defaultdict(list)
    for row in rows:
        if row["mode"] in ("eager", "compiled"):
            by_workload[row["workload"]].append(row)
    return [min(rows, key=lambda row: row["ms"]) for rows in by_workload.values()]


def kind_of(row):
    """What the rows of one table have in common."""
    return row["task"], row["batch"], row["threads"], row["dtype"]


def means(rows):
    """Geometric means over workloads: one line a kind of row and mode."""
    kinds = defaultdict(list)
    for row in rows:
        kinds[kind_of(row)].append(row)
    lines = []
    for kind, members in kinds.items():
        modes = {mode: [r for r in members if r["mode"] == mode] for mode in mode_names(members)}
        if "eager" in modes and "compiled" in modes:
            modes["better of both"] = better_of_eager_and_compiled(members)
        for mode, chosen in modes.items():
            over_torch = geometric_mean(row["over_torch"] for row in chosen)
            over_best = geometric_mean(row["over_best"] for row in chosen)
            task, batch, threads, dtype = kind
            lines.append(
                {
                    "task": task,
                    "batch": batch,
                    "threads": threads,
                    "dtype": dtype,
                    "mode": mode,
                    "workloads": len(chosen),
                    "over_torch": over_torch and round(over_torch, 4),
                    "over_best": over_best and round(over_best, 4),
                }
            )
    return lines


def mode_names(rows):
    return list(dict.fromkeys(row["mode"] for row in rows))


def text(value, digits=3):
    """A number with `digits` that count, '-' for none."""
    if value is None:
        return "-"
    if isinstance(value, (str, int)):
        return str(value)
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(decimals, 5)}f}"


PEERS = [side.name for side in SIDES if not side.is_ours]
COLUMNS = [
    "workload",
    "mode",
    "ms",
    *PEERS,
    "over torch",
    "over best",
    "of bound",
    "MB",
    "torch MB",
]


def cells(row):
    facts = [row["workload"], row["mode"], row["ms"]]
    facts += [row["peers_ms"].get(peer) for peer in PEERS]
    facts += [row["over_torch"], row["over_best"], row["of_bound"]]
    return [text(fact) for fact in [*facts, row["growth_mb"], row["torch_growth_mb"]]]


def table(rows):
    """All rows of one kind as Markdown, which is readable as it stands, too."""
    lines = [COLUMNS] + [cells(row) for row in rows]
    return aligned(lines)


def aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "| " + " | ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def means_table(lines):
    keys = ["task", "batch", "threads", "dtype", "mode", "workloads", "over_torch", "over_best"]
    titles = [key.replace("_", " ") for key in keys]
    return aligned([titles] + [[text(line[key]) for key in keys] for line in lines])


def report(results):
    """All tables, then the means, then what was absent."""
    rows = results.rows()
    parts = []
    for kind in dict.fromkeys(map(kind_of, rows)):
        task, batch, threads, dtype = kind
        examples = f", batch {batch}" if batch else ""
        parts.append(f"{task}{examples}, {threads} thread(s), {dtype}; ms a step")
        parts.append(table([row for row in rows if kind_of(row) == kind]))
    parts += ["geometric means (a peer's time over ours)", means_table(means(rows))]
    if results.absent:
        parts.append("absent: " + "; ".join(f"{k} ({v})" for k, v in results.absent.items()))
    return "\n\n".join(parts)


def write_json(path, results, about):
    rows = results.rows()
    everything = {
        "schema": SCHEMA,
        **about,
        "peak_gflops": results.peaks,
        "rows": rows,
        "geometric_means": means(rows),
        "absent": results.absent,
    }
    path.write_text(json.dumps(everything, indent=1) + "\n")
