"""scaled_dot_product_attention beside PyTorch's: one process each, asked in turn.

    OMP_WAIT_POLICY=passive python bench/attention_compare.py build/release/bench/attention_bench

Milliseconds are medians over the rounds; what counts is their ratio within one run.
"""

import argparse
import statistics
import subprocess
import time

import torch
import torch.nn.functional as F

SHAPES = [  # batch, heads, length, size
    (12, 4, 64, 32),
    (8, 6, 256, 64),
    (4, 8, 512, 64),
    (2, 8, 1024, 64),
    (2, 8, 1024, 32),
    (1, 8, 1024, 128),
    (1, 8, 2048, 64),
]
MODES = ["forward", "causal", "forward+backward", "causal+backward", "one query"]


def theirs(shape, mode, clock):
    batch, heads, length, size = shape

    has_gradient = mode in (2, 3)

    def draw(length):
        x = torch.randn(batch, length, heads, size).transpose(1, 2)
        return x.requires_grad_(has_gradient)

    q, k, v = draw(1 if mode == 4 else length), draw(length), draw(length)
    dy = torch.randn(batch, heads, length, size)

    def call():
        y = F.scaled_dot_product_attention(q, k, v, is_causal=mode % 2 == 1)
        if has_gradient:
            torch.autograd.grad(y, (q, k, v), dy)

    call()
    call()
    times = []
    begin = clock()
    while len(times) < 3 or clock() - begin < 0.03:
        start = clock()
        call()
        times.append((clock() - start) * 1e3)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ours", help="the attention_bench program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--cpu", action="store_true", help="processor time, for a busy machine")
    parser.add_argument("--longest", type=int, default=10**9, help="leave out longer sequences")
    args = parser.parse_args()
    clock = time.process_time if args.cpu else time.perf_counter
    shapes = [s for s in SHAPES if s[2] <= args.longest]
    print(f"{'batch heads length size':<24} {'mode':<17} {'threads':>7} {'ours ms':>9}", end="")
    print(f" {'torch ms':>9} {'ours/torch':>10} {'peak MB':>8}")
    for threads in args.threads:
        torch.set_num_threads(threads)
        pipe = subprocess.PIPE
        command = [args.ours, str(threads), *(["--cpu"] if args.cpu else [])]
        ours = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        for shape in shapes:
            for mode, name in enumerate(MODES):
                a, b = [], []
                for _ in range(args.rounds):
                    ours.stdin.write(" ".join(map(str, (*shape, mode))) + "\n")
                    ms, peak = ours.stdout.readline().split()
                    a.append(float(ms))
                    b.append(theirs(shape, mode, clock))
                a, b = statistics.median(a), statistics.median(b)
                label = " ".join(f"{n:>5}" for n in shape)
                print(f"{label:<24} {name:<17} {threads:>7} {a:>9.3f} {b:>9.3f}", end="")
                print(f" {a / b:>10.3f} {int(peak) / 1e6:>8.2f}", flush=True)
        ours.stdin.close()
        ours.wait()


if __name__ == "__main__":
    main()
