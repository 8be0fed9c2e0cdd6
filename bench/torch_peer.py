"""The networks of workloads.h in PyTorch, as everybody writes them, and the output of
training_bench. By rushlight from Python, too: `python -m rushlight.as_torch bench/torch_peer.py`.

Modes: eager, as everybody runs it; tuned, with the optimiser's fused form (compare.py adds settings
of the allocator to it); compile, the network by torch.compile. Exits with 3 if torch is not there.
"""

import argparse
import functools
import json
import sys
import time
from typing import Any, Callable, NamedTuple

from process_memory import ResidentMemory

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)


class Workload(NamedTuple):
    net: nn.Module
    optimizer: Callable  # of parameters
    x: torch.Tensor
    loss: Callable  # of what the network gives for x


def sgd(**options):
    return functools.partial(torch.optim.SGD, **options)


def adam(lr=1e-3):
    return functools.partial(torch.optim.Adam, lr=lr)


def class_loss(count, classes=10):
    y = torch.randint(0, classes, (count,))
    return lambda scores: F.cross_entropy(scores, y)


def mlp_micro(n=100):
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    x, y = torch.randn(n, 2), torch.randn(n, 1)
    return Workload(net, sgd(lr=0.01), x, lambda prediction: F.mse_loss(prediction, y))


def mlp_mnist(n=64):
    net = nn.Sequential(
        nn.Linear(784, 800),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(800, 800),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(800, 10),
    )
    return Workload(net, adam(), torch.randn(n, 784), class_loss(n))


def convnet(n=64):
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
    return Workload(net, sgd(lr=0.01, momentum=0.9), torch.randn(n, 1, 28, 28), class_loss(n))


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.c1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.b1 = nn.BatchNorm2d(outputs)
        self.c2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.b2 = nn.BatchNorm2d(outputs)
        self.short_cut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.short_cut = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.short_cut(x))


def resnet20(n=64):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for width in (16, 32, 64):
        for i in range(3):
            stride = 2 if i == 0 and width > 16 else 1
            layers.append(ResidualBlock(channels, width, stride))
            channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    optimizer = sgd(lr=0.1, momentum=0.9, weight_decay=1e-4)
    return Workload(net, optimizer, torch.randn(n, 3, 32, 32), class_loss(n))


class RowReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(28, 128, batch_first=True)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.gru(x)[1][-1])


def gru_mnist(n=64):
    return Workload(RowReader(), adam(), torch.randn(n, 28, 28), class_loss(n))


def token_loss(n, length):
    y = torch.randint(0, 65, (n, length))
    return lambda scores: F.cross_entropy(scores.flatten(0, 1), y.flatten())


class CharacterReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(65, 256)
        self.lstm = nn.LSTM(256, 256, 2, batch_first=True)
        self.out = nn.Linear(256, 65)

    def forward(self, x):
        return self.out(self.lstm(self.embedding(x))[0])


def char_lstm(n=32):
    x = torch.randint(0, 65, (n, 128))
    return Workload(CharacterReader(), adam(), x, token_loss(n, 128))


class CausalBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.p = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.f1, self.f2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attend(self, x):
        b, t, width = x.shape
        parts = self.qkv(x).split(width, 2)
        q, k, v = (p.view(b, t, self.heads, width // self.heads).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.p(y.transpose(1, 2).reshape(b, t, width))

    def forward(self, x):
        x = x + self.attend(self.n1(x))
        return x + self.f2(F.gelu(self.f1(self.n2(x))))


class Gpt(nn.Module):
    def __init__(self, layers, heads, width, length):
        super().__init__()
        self.tokens, self.places = nn.Embedding(65, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[CausalBlock(width, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 65, bias=False)
        self.register_buffer("positions", torch.arange(length), persistent=False)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.tokens(x) + self.places(self.positions))))


def gpt(layers, heads, width, length, n):
    net = Gpt(layers, heads, width, length)
    optimizer = functools.partial(torch.optim.AdamW, lr=1e-3)
    return Workload(net, optimizer, torch.randint(0, 65, (n, length)), token_loss(n, length))


def gpt_baby(n=12):
    return gpt(4, 4, 128, 64, n)


def gpt_mid(n=8):
    return gpt(6, 6, 384, 256, n)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1, self.e2 = nn.Conv2d(1, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)
        self.mean, self.log_variance = nn.Linear(3136, 20), nn.Linear(3136, 20)
        self.d0 = nn.Linear(20, 3136)
        self.d1, self.d2 = nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ConvTranspose2d(32, 1, 4, 2, 1)

    def forward(self, x):
        h = F.relu(self.e2(F.relu(self.e1(x)))).flatten(1)
        mu, lv = self.mean(h), self.log_variance(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        return self.d2(F.relu(self.d1(F.relu(self.d0(z)).reshape(-1, 64, 7, 7)))), mu, lv


def conv_vae(n=64):
    x = torch.rand(n, 1, 28, 28)

    def loss(output):
        y, mu, lv = output
        reconstruction = F.binary_cross_entropy_with_logits(y, x, reduction="sum") / n
        return reconstruction - 0.5 * (1 + lv - mu * mu - lv.exp()).sum() / n

    return Workload(Autoencoder(), adam(), x, loss)


MAKERS = [
    mlp_micro,
    mlp_mnist,
    convnet,
    resnet20,
    gru_mnist,
    char_lstm,
    gpt_baby,
    gpt_mid,
    conv_vae,
]
WORKLOADS = {make.__name__: make for make in MAKERS}


def training_step(workload, model, args):
    fused = {"fused": True} if args.mode == "tuned" else {}
    optimizer = workload.optimizer(workload.net.parameters(), **fused)

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.dtype == "bfloat16"):
            loss = workload.loss(model(workload.x))
        loss.backward()
        optimizer.step()
        return loss

    return step


def forward_step(workload, model, args):
    workload.net.eval()

    def step():
        with (
            torch.no_grad(),
            torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.dtype == "bfloat16"),
        ):
            return model(workload.x)

    return step


def run_timed(step, args):
    """The milliseconds of each step, in order of size."""
    times = []
    end = time.perf_counter() + args.seconds
    while len(times) < args.steps or (
        not args.steps and (time.perf_counter() < end or len(times) < 5)
    ):
        begin = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - begin))
    return sorted(times)


def measure(name, args):
    memory = ResidentMemory()
    torch.manual_seed(0)
    workload = WORKLOADS[name](*([args.batch] if args.batch else []))
    model = torch.compile(workload.net) if args.mode == "compile" else workload.net
    step = (forward_step if args.forward else training_step)(workload, model, args)
    losses = [step()]
    for _ in range(4):
        step()
    times = run_timed(step, args)
    row: dict[str, Any] = {
        "lib": "rushlight" if "rushlight" in sys.modules else "torch",
        "mode": args.mode,
        "dtype": args.dtype,
        "workload": name,
        "threads": torch.get_num_threads(),
        "min_ms": round(times[0], 4),
        "median_ms": round(times[len(times) // 2], 4),
        "steps": len(times),
        **memory.facts(),
    }
    if not args.forward:
        losses.append(step())
        row["loss"] = [loss.item() for loss in losses]
    print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--steps", type=int, default=0, help="so many steps instead of seconds")
    parser.add_argument("--mode", choices=["eager", "tuned", "compile"], default="eager")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--forward", action="store_true", help="inference instead of training")
    parser.add_argument("--batch", type=int, default=0, help="examples; 0: the workload's own")
    parser.add_argument("workloads", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for workload in args.workloads or WORKLOADS:
        measure(workload, args)


if __name__ == "__main__":
    main()
