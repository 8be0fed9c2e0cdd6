"""Rushlight beside PyTorch: runs both in turn, several rounds, and prints medians and their ratio.

    make bench-torch            # or: python bench/compare.py build/release/bench/training_bench
    python bench/compare.py build/release/python     # from Python: torch_peer.py itself, as_torch

Absolute times vary with the machine; the ratio of medians in one run is what counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

PEER = Path(__file__).with_name("torch_peer.py")
WORKLOADS = [
    "mlp_micro",
    "mlp_mnist",
    "convnet",
    "resnet20",
    "gru_mnist",
    "char_lstm",
    "gpt_baby",
    "gpt_mid",
    "conv_vae",
]


def run(command, path=None):
    environment = {**os.environ, "PYTHONPATH": path} if path else None
    out = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout
    return json.loads(out.strip().splitlines()[-1])["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "ours", help="the training_bench program, or the folder that has the Python package"
    )
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    args = parser.parse_args()
    is_package = Path(args.ours).is_dir()
    ours_command = [args.ours]
    if is_package:
        ours_command = [args.python, "-m", "rushlight.as_torch", str(PEER)]
    print(f"{'workload':<12} {'threads':>7} {'ours ms':>9} {'torch ms':>9} {'ours/torch':>10}")
    for name in args.workloads:
        for threads in args.threads:
            options = ["--threads", str(threads), "--seconds", str(args.seconds), name]
            ours, peer = [], []
            for _ in range(args.rounds):
                ours.append(run([*ours_command, *options], args.ours if is_package else None))
                peer.append(run([args.python, str(PEER), *options]))
            a, b = statistics.median(ours), statistics.median(peer)
            print(f"{name:<12} {threads:>7} {a:>9.4f} {b:>9.4f} {a / b:>10.3f}", flush=True)


if __name__ == "__main__":
    main()
