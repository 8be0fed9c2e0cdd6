"""Rushlight beside PyTorch: runs both in turn, several rounds, and prints medians and their ratio.

    make bench-torch            # or: python bench/compare.py build/release/bench/training_bench

Absolute times vary with the machine; the ratio of medians in one run is what counts.
"""

import argparse
import json
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


def run(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ours", help="the training_bench program")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    args = parser.parse_args()
    print(f"{'workload':<12} {'threads':>7} {'ours ms':>9} {'torch ms':>9} {'ours/torch':>10}")
    for name in args.workloads:
        for threads in args.threads:
            options = ["--threads", str(threads), "--seconds", str(args.seconds), name]
            ours, peer = [], []
            for _ in range(args.rounds):
                ours.append(run([args.ours, *options]))
                peer.append(run([args.python, str(PEER), *options]))
            a, b = statistics.median(ours), statistics.median(peer)
            print(f"{name:<12} {threads:>7} {a:>9.4f} {b:>9.4f} {a / b:>10.3f}", flush=True)


if __name__ == "__main__":
    main()
