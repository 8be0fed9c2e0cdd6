"""Rushlight beside its peers: the nine workloads of workloads.h in Rushlight (eager, compiled, from
Python; float32, bfloat16), PyTorch (eager, tuned, compiled, bfloat16) and JAX, taking turns.

    make bench                               # everything: about an hour
    make bench BENCH="--quick"               # whether everything runs: numbers mean nothing
    make bench BENCH="--workloads convnet gpt_mid --modes eager torch-eager --threads 2"

Every measurement is a process of its own, of which the median step counts, and a number in a table
is the median of several rounds. Absolute times vary with the machine; ratios within one run count,
and only on a machine that does nothing else. Nobody's threads or allocator are set up from
outside, but for those of `torch-tuned`. A peer that is not there is left out.
"""

import argparse
import datetime
import os
import platform
import sys
import time
from pathlib import Path

import sides
from results import Results, report, write_json
from sides import ROOT, SIDES, Absent, Job, Programs
from work import BATCHES


def read_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [side.name for side in SIDES]
    parser.add_argument("--workloads", nargs="+", choices=BATCHES, default=list(BATCHES))
    parser.add_argument("--modes", nargs="+", choices=names, default=names)
    parser.add_argument("--tasks", nargs="+", choices=["train", "forward"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 64], help="of forward")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="one short round, two threads")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--python", default=sys.executable, help="what runs rushlight's package")
    parser.add_argument("--peer-python", default=sys.executable, help="what has PyTorch and JAX")
    parser.add_argument(
        "--out", type=Path, help="bench/results.json; of --quick, in the build folder"
    )
    args = parser.parse_args(arguments)
    args.tasks = args.tasks or ["train", "forward"]
    if args.quick:
        args.rounds, args.seconds, args.threads = 1, 0.1, [2]
    args.out = args.out or (args.build if args.quick else ROOT) / "bench/results.json"
    return args


def jobs_of(args):
    batches = {"train": [0], "forward": args.batches}
    return [
        Job(workload, task, batch, threads)
        for task in args.tasks
        for workload in args.workloads
        for batch in batches[task]
        for threads in args.threads
    ]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Comparison:
    def __init__(self, args):
        self.args = args
        self.programs = Programs(args.build, args.python, args.peer_python)
        self.sides = [side for side in SIDES if side.name in args.modes]
        self.results = Results(self.measure_peaks())
        self._gone = set()  # names of sides that are not installed

    def measure_peaks(self):
        peaks = {}
        for threads in self.args.threads:
            try:
                peaks[threads] = sides.measure_peak(self.programs, threads)
            except Absent as why:
                say(f"no peak of products on {threads} thread(s): {why}")
        return peaks

    def run(self, job):
        """All sides in turn, `rounds` times; what fails once is not asked again for this job."""
        left = [s for s in self.sides if s.has(job) and s.name not in self._gone]
        for round_ in range(self.args.rounds):
            for side in list(left):
                if not self.ask(side, job, round_):
                    left.remove(side)

    def ask(self, side, job, round_):
        try:
            found = sides.measure(self.programs, side, job, self.args.seconds)
        except Absent as why:
            say(f"  {side.name} is absent: {why}")
            self.results.add_absent(job, side.name, str(why))
            if not why.is_installed:
                self._gone.add(side.name)
            return False
        self.results.add(job, side.name, found)
        say(f"  round {round_ + 1}: {side.name:<14} {found['median_ms']:10.4f} ms")
        return True


def about(args):
    return {
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_at_the_start": os.getloadavg()[0],
        "rounds": args.rounds,
        "seconds": args.seconds,
        "settings": "the defaults of each library; torch-tuned: fused optimiser and "
        + " ".join(f"{k}={v}" for k, v in sides.KEEP_MEMORY.items()),
    }


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    args = read_arguments()
    facts = about(args)
    begin = time.monotonic()
    comparison = Comparison(args)
    jobs = jobs_of(args)
    for done, job in enumerate(jobs):
        say(f"[{done + 1}/{len(jobs)}, {(time.monotonic() - begin) / 60:.1f} min] {job}")
        comparison.run(job)
        write_json(args.out, comparison.results, facts)  # what an interrupted run leaves
    print(report(comparison.results))
    say(f"written: {args.out}")


if __name__ == "__main__":
    main()
