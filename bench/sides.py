"""Who takes part in a comparison, and how each is asked for one measurement: a process of its own
that prints a JSON line (training_bench, torch_peer.py, jax_peer.py)."""

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
NOT_INSTALLED = 3  # the peers' exit status for that
LONGEST_SECONDS = 900

# Left to everybody's own defaults, whatever the caller's shell has set.
OF_THREADS_AND_ALLOCATORS = ("OMP_", "GOMP_", "KMP_", "MKL_", "MALLOC_", "XLA_", "LD_PRELOAD")
# By default PyTorch's big tensors go back to the system and come again at every step.
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "MALLOC_TOP_PAD_": "67108864",
}


class Job(NamedTuple):
    """What one row of results is about, but for who did it."""

    workload: str
    task: str  # "train" or "forward"
    batch: int  # 0: the workload's own
    threads: int

    def __str__(self):
        examples = f" of {self.batch}" if self.batch else ""
        return f"{self.workload} {self.task}{examples}, threads {self.threads}"


class Side(NamedTuple):
    name: str
    lib: str  # "rushlight", "python" (rushlight from Python), "torch" or "jax"
    mode: str
    dtype: str = "float32"
    tasks: tuple = ("train", "forward")
    without: tuple = ()  # workloads it has not

    def has(self, job):
        return job.task in self.tasks and job.workload not in self.without

    @property
    def is_ours(self):
        return self.lib in ("rushlight", "python")

    @property
    def is_tuned(self):
        return self.mode == "tuned"


SIDES = [
    Side("eager", "rushlight", "eager"),
    Side("compiled", "rushlight", "compiled"),
    Side("python", "python", "eager"),
    Side("torch-eager", "torch", "eager"),
    Side("torch-tuned", "torch", "tuned", tasks=("train",)),
    Side("torch-compile", "torch", "compile", tasks=("train",)),
    Side("jax", "jax", "jit", tasks=("train",), without=("resnet20", "char_lstm", "conv_vae")),
    Side("compiled-bf16", "rushlight", "compiled", "bfloat16"),
    Side("python-bf16", "python", "eager", "bfloat16"),
    Side("torch-bf16", "torch", "eager", "bfloat16"),
]


class Absent(Exception):
    """A side could not be measured; the text says why. `is_installed`: not for good."""

    def __init__(self, why, is_installed=True):
        super().__init__(why)
        self.is_installed = is_installed


class Programs(NamedTuple):
    """Where the programs are."""

    build: Path  # build/release
    python: str  # an interpreter for rushlight's package
    peer_python: str  # one that has PyTorch and JAX

    def command(self, side):
        if side.lib == "rushlight":
            return [str(self.build / "bench/training_bench")]
        if side.lib == "python":
            return [self.python, "-m", "rushlight.as_torch", str(BENCH / "torch_peer.py")]
        return [self.peer_python, str(BENCH / f"{side.lib}_peer.py")]

    def environment(self, side):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OF_THREADS_AND_ALLOCATORS)}
        if side.lib == "python":
            kept["PYTHONPATH"] = str(self.build / "python")
        if side.is_tuned:
            kept.update(KEEP_MEMORY)
        return kept


def options(side, job, seconds):
    given = ["--threads", str(job.threads), "--seconds", str(seconds)]
    if side.lib != "jax":
        given += ["--mode", side.mode, "--dtype", side.dtype]
        given += ["--forward"] if job.task == "forward" else []
        given += ["--batch", str(job.batch)] if job.batch else []
    return [*given, job.workload]


def run_json(command, environment):
    """What the program prints last, as JSON."""
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS
        )
    except OSError as error:
        raise Absent(str(error), is_installed=False) from None
    except subprocess.TimeoutExpired:
        raise Absent(f"took more than {LONGEST_SECONDS} s") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise Absent(said[:200], is_installed=done.returncode != NOT_INSTALLED)
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(programs, side, job, seconds):
    """One run of `side`: median_ms, min_ms, peak_mb, growth_mb, ... Raises Absent."""
    command = [*programs.command(side), *options(side, job, seconds)]
    return run_json(command, programs.environment(side))


def measure_peak(programs, threads):
    """GFLOP/s of large products: {"float32": ..., "bfloat16": ...}."""
    command = [str(programs.build / "bench/peak_bench"), "--threads", str(threads)]
    return run_json(command, programs.environment(SIDES[0]))
