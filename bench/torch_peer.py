"""The workloads of workloads.h in PyTorch, as everybody writes them. Same output."""

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


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for width in (16, 32, 64):
        for i in range(3):
            stride = 2 if i == 0 and width > 16 else 1
            layers.append(ResidualBlock(channels, width, stride))
            channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    x, y = torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    return net, optimizer, lambda: F.cross_entropy(net(x), y)


class RowReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(28, 128, batch_first=True)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.gru(x)[1][-1])


def gru_mnist():
    net = RowReader()
    x, y = torch.randn(64, 28, 28), torch.randint(0, 10, (64,))
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: F.cross_entropy(net(x), y)


def token_loss(scores, y):
    return F.cross_entropy(scores.flatten(0, 1), y.flatten())


class CharacterReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(65, 256)
        self.lstm = nn.LSTM(256, 256, 2, batch_first=True)
        self.out = nn.Linear(256, 65)

    def forward(self, x):
        return self.out(self.lstm(self.embedding(x))[0])


def char_lstm():
    net = CharacterReader()
    x, y = torch.randint(0, 65, (32, 128)), torch.randint(0, 65, (32, 128))
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: token_loss(net(x), y)


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


def gpt(layers, heads, width, length, batch):
    net = Gpt(layers, heads, width, length)
    x, y = torch.randint(0, 65, (batch, length)), torch.randint(0, 65, (batch, length))
    return net, torch.optim.AdamW(net.parameters(), lr=1e-3), lambda: token_loss(net(x), y)


def gpt_baby():
    return gpt(4, 4, 128, 64, 12)


def gpt_mid():
    return gpt(6, 6, 384, 256, 8)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1, self.e2 = nn.Conv2d(1, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)
        self.mean, self.log_variance = nn.Linear(3136, 20), nn.Linear(3136, 20)
        self.d0 = nn.Linear(20, 3136)
        self.d1, self.d2 = nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ConvTranspose2d(32, 1, 4, 2, 1)

    def loss(self, x):
        h = F.relu(self.e2(F.relu(self.e1(x)))).flatten(1)
        mu, lv = self.mean(h), self.log_variance(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        y = self.d2(F.relu(self.d1(F.relu(self.d0(z)).reshape(-1, 64, 7, 7))))
        reconstruction = F.binary_cross_entropy_with_logits(y, x, reduction="sum") / len(x)
        return reconstruction - 0.5 * (1 + lv - mu * mu - lv.exp()).sum() / len(x)


def conv_vae():
    net = Autoencoder()
    x = torch.rand(64, 1, 28, 28)
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: net.loss(x)


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
