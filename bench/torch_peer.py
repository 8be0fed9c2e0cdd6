"""The workloads of training_bench.cc in PyTorch, as everybody writes them. Same output."""

import argparse
import json
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def mlp_micro():
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    x, y = torch.randn(100, 2), torch.randn(100, 1)
    return net, torch.optim.SGD(net.parameters(), lr=0.01), lambda: F.mse_loss(net(x), y)


def mlp_mnist():
    net = nn.Sequential(
        nn.Linear(784, 800),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(800, 800),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(800, 10),
    )
    x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: F.cross_entropy(net(x), y)


def convnet():
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )
    x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return net, optimizer, lambda: F.cross_entropy(net(x), y)


WORKLOADS = {"mlp_micro": mlp_micro, "mlp_mnist": mlp_mnist, "convnet": convnet}


def measure(name, seconds):
    torch.manual_seed(0)
    _, optimizer, loss = WORKLOADS[name]()

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    for _ in range(5):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        begin = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - begin))
    times.sort()
    row = {
        "lib": "torch",
        "workload": name,
        "threads": torch.get_num_threads(),
        "min_ms": round(times[0], 4),
        "median_ms": round(times[len(times) // 2], 4),
        "steps": len(times),
    }
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("workloads", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for workload in args.workloads or WORKLOADS:
        measure(workload, args.seconds)
