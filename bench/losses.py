"""Whether bfloat16 learns what float32 learns: losses of the nine workloads after so many training
steps, from the same weights, on the one batch that each has.

    .venv/bin/python bench/losses.py [--steps 200] [--peer-python .venv-bench/bin/python]

The difference is given as a share of what float32 has gained, for some losses end near zero.
"""

import argparse
import sys
from pathlib import Path

from results import BY_NAME, aligned, text
from sides import ROOT, Absent, Job, Programs, options, run_json
from work import BATCHES

PAIRS = [
    ("compiled", "compiled-bf16"),
    ("python", "python-bf16"),
    ("torch-eager", "torch-bf16"),
]


def losses(programs, name, job, steps):
    """The first loss and the last."""
    side = BY_NAME[name]
    command = [*programs.command(side), *options(side, job, 0), "--steps", str(steps)]
    return run_json(command, programs.environment(side))["loss"]


def difference(full, half):
    gained = full[0] - full[1]
    return abs(half[1] - full[1]) / abs(gained) if gained else None


def row(programs, job, pair, steps):
    full, half = (losses(programs, name, job, steps) for name in pair)
    share = difference(full, half)
    percent = f"{100 * share:.2f} %" if share is not None else "-"
    return [job.workload, pair[0], text(full[0], 5), text(full[1], 5), text(half[1], 5), percent]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--workloads", nargs="+", choices=BATCHES, default=list(BATCHES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--python", default=sys.executable, help="what runs rushlight's package")
    parser.add_argument("--peer-python", default=sys.executable, help="what has PyTorch")
    args = parser.parse_args()
    programs = Programs(args.build, args.python, args.peer_python)
    lines = [["workload", "side", "at first", "float32", "bfloat16", "difference"]]
    for workload in args.workloads:
        for pair in PAIRS:
            try:
                job = Job(workload, "train", 0, args.threads)
                lines.append(row(programs, job, pair, args.steps))
                print(*lines[-1], file=sys.stderr, flush=True)
            except Absent as why:
                print(f"{workload}: {pair} is absent: {why}", file=sys.stderr, flush=True)
    print(aligned(lines))


if __name__ == "__main__":
    main()
