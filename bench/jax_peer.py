"""Training steps of networks of torch_peer.py in JAX, with its output: one jit a step - loss,
gradients, optimiser - whose parameters, optimiser's values and random key are given over to it.

Recurrent layers with their time steps in a scan; convolutions channels-last, as XLA wants them on
CPUs. resnet20, char_lstm and conv_vae are left out. Exits with 3 if JAX is not there.
"""

import argparse
import functools
import json
import math
import os
import sys
import time
from typing import Any, Callable, NamedTuple

from process_memory import ResidentMemory

VOCABULARY = 65


class Workload(NamedTuple):
    parameters: Any
    optimizer: tuple  # (values to begin with, of parameters; update)
    loss: Callable  # of parameters, random key and batch
    batch: tuple


def draw_layer(key, inputs, outputs, has_bias=True):
    bound = 1 / math.sqrt(inputs)
    of_weight, of_bias = jax.random.split(key)
    layer = {"w": jax.random.uniform(of_weight, (inputs, outputs), jnp.float32, -bound, bound)}
    if has_bias:
        layer["b"] = jax.random.uniform(of_bias, (outputs,), jnp.float32, -bound, bound)
    return layer


def draw_conv(key, inputs, outputs, size):
    bound = 1 / math.sqrt(inputs * size * size)
    shape = (size, size, inputs, outputs)
    of_weight, of_bias = jax.random.split(key)
    return {
        "w": jax.random.uniform(of_weight, shape, jnp.float32, -bound, bound),
        "b": jax.random.uniform(of_bias, (outputs,), jnp.float32, -bound, bound),
    }


def linear(layer, x):
    y = x @ layer["w"]
    return y + layer["b"] if "b" in layer else y


def conv(layer, x):
    orders = ("NHWC", "HWIO", "NHWC")
    y = jax.lax.conv_general_dilated(x, layer["w"], (1, 1), "VALID", dimension_numbers=orders)
    return y + layer["b"]


def max_pool(x):
    window = (1, 2, 2, 1)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")


def dropout(key, x, p):
    return jnp.where(jax.random.bernoulli(key, 1 - p, x.shape), x / (1 - p), 0.0)


def layer_norm(layer, x):
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred**2).mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-5) * layer["w"] + layer["b"]


def cross_entropy(scores, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), labels[..., None], -1)
    return -chosen.mean()


def sgd(lr, momentum=0.0):
    def begin(parameters):
        return jax.tree.map(jnp.zeros_like, parameters) if momentum else ()

    def update(parameters, gradients, velocity):
        if momentum:
            gradients = velocity = jax.tree.map(lambda v, g: momentum * v + g, velocity, gradients)
        return jax.tree.map(lambda p, g: p - lr * g, parameters, gradients), velocity

    return begin, update


def adam(lr, weight_decay=0.0, beta1=0.9, beta2=0.999, eps=1e-8):
    def begin(parameters):
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return {"t": jnp.zeros(()), "m": zeros, "v": jax.tree.map(jnp.zeros_like, parameters)}

    def update(parameters, gradients, moments):
        t = moments["t"] + 1
        m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, moments["m"], gradients)
        v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, moments["v"], gradients)

        def stepped(p, m, v):
            direction = m / (1 - beta1**t) / (jnp.sqrt(v / (1 - beta2**t)) + eps)
            return p * (1 - lr * weight_decay) - lr * direction

        return jax.tree.map(stepped, parameters, m, v), {"t": t, "m": m, "v": v}

    return begin, update


def mlp_micro(keys):
    layers = [draw_layer(next(keys), *sizes) for sizes in ((2, 16), (16, 16), (16, 1))]

    def loss(layers, key, x, y):
        h = jnp.tanh(linear(layers[0], x))
        h = jnp.tanh(linear(layers[1], h))
        return ((linear(layers[2], h) - y) ** 2).mean()

    batch = (jax.random.normal(next(keys), (100, 2)), jax.random.normal(next(keys), (100, 1)))
    return Workload(layers, sgd(0.01), loss, batch)


def class_ids(keys, *shape, classes=10):
    return jax.random.randint(next(keys), shape, 0, classes)


def mlp_mnist(keys):
    layers = [draw_layer(next(keys), *sizes) for sizes in ((784, 800), (800, 800), (800, 10))]

    def loss(layers, key, x, y):
        first, second = jax.random.split(key)
        h = dropout(first, jax.nn.relu(linear(layers[0], x)), 0.2)
        h = dropout(second, jax.nn.relu(linear(layers[1], h)), 0.5)
        return cross_entropy(linear(layers[2], h), y)

    batch = (jax.random.normal(next(keys), (64, 784)), class_ids(keys, 64))
    return Workload(layers, adam(1e-3), loss, batch)


def convnet(keys):
    layers = [
        draw_conv(next(keys), 1, 32, 3),
        draw_conv(next(keys), 32, 64, 3),
        draw_layer(next(keys), 9216, 128),
        draw_layer(next(keys), 128, 10),
    ]

    def loss(layers, key, x, y):
        first, second = jax.random.split(key)
        h = jax.nn.relu(conv(layers[0], x))
        h = dropout(first, max_pool(jax.nn.relu(conv(layers[1], h))), 0.25)
        h = jax.nn.relu(linear(layers[2], h.reshape(len(h), -1)))
        return cross_entropy(linear(layers[3], dropout(second, h, 0.5)), y)

    batch = (jax.random.normal(next(keys), (64, 28, 28, 1)), class_ids(keys, 64))
    return Workload(layers, sgd(0.01, momentum=0.9), loss, batch)


def gru_mnist(keys):
    hidden = 128
    bound = 1 / math.sqrt(hidden)

    def gates(inputs):
        def uniform(*shape):
            return jax.random.uniform(next(keys), shape, jnp.float32, -bound, bound)

        return {"w": uniform(inputs, 3 * hidden), "b": uniform(3 * hidden)}

    layers = {"x": gates(28), "h": gates(hidden), "out": draw_layer(next(keys), hidden, 10)}

    def loss(layers, key, x, y):
        def cell(h, of_x):
            reset_x, update_x, new_x = jnp.split(of_x, 3, -1)
            reset_h, update_h, new_h = jnp.split(linear(layers["h"], h), 3, -1)
            reset, update = jax.nn.sigmoid(reset_x + reset_h), jax.nn.sigmoid(update_x + update_h)
            new = jnp.tanh(new_x + reset * new_h)
            return (1 - update) * new + update * h, None

        by_time = linear(layers["x"], x).transpose(1, 0, 2)
        h, _ = jax.lax.scan(cell, jnp.zeros((len(x), hidden)), by_time)
        return cross_entropy(linear(layers["out"], h), y)

    batch = (jax.random.normal(next(keys), (64, 28, 28)), class_ids(keys, 64))
    return Workload(layers, adam(1e-3), loss, batch)


def attend(block, x, heads):
    batch, length, width = x.shape

    def by_head(part):
        return part.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)

    q, k, v = (by_head(part) for part in jnp.split(linear(block["qkv"], x), 3, -1))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(width // heads)
    past = jnp.tril(jnp.ones((length, length), bool))
    y = jax.nn.softmax(jnp.where(past, scores, -jnp.inf), -1) @ v
    return linear(block["p"], y.transpose(0, 2, 1, 3).reshape(batch, length, width))


def draw_block(keys, width):
    norm = {"w": jnp.ones(width), "b": jnp.zeros(width)}
    return {
        "n1": norm,
        "n2": jax.tree.map(jnp.copy, norm),
        "qkv": draw_layer(next(keys), width, 3 * width),
        "p": draw_layer(next(keys), width, width),
        "f1": draw_layer(next(keys), width, 4 * width),
        "f2": draw_layer(next(keys), 4 * width, width),
    }


def gpt(keys, layers, heads, width, length, n):
    net = {
        "tokens": jax.random.normal(next(keys), (VOCABULARY, width)),
        "places": jax.random.normal(next(keys), (length, width)),
        "blocks": [draw_block(keys, width) for _ in range(layers)],
        "norm": {"w": jnp.ones(width), "b": jnp.zeros(width)},
        "head": draw_layer(next(keys), width, VOCABULARY, has_bias=False),
    }

    def loss(net, key, ids, y):
        x = net["tokens"][ids] + net["places"]
        for block in net["blocks"]:
            x = x + attend(block, layer_norm(block["n1"], x), heads)
            h = linear(block["f1"], layer_norm(block["n2"], x))
            x = x + linear(block["f2"], jax.nn.gelu(h, approximate=False))
        return cross_entropy(linear(net["head"], layer_norm(net["norm"], x)), y)

    batch = tuple(class_ids(keys, n, length, classes=VOCABULARY) for _ in range(2))
    return Workload(net, adam(1e-3, weight_decay=0.01), loss, batch)


def gpt_baby(keys):
    return gpt(keys, 4, 4, 128, 64, 12)


def gpt_mid(keys):
    return gpt(keys, 6, 6, 384, 256, 8)


WORKLOADS = {
    make.__name__: make for make in (mlp_micro, mlp_mnist, convnet, gru_mnist, gpt_baby, gpt_mid)
}


def random_keys():
    key = jax.random.key(0)
    while True:
        key, one = jax.random.split(key)
        yield one


def training_step(workload):
    begin, update = workload.optimizer

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(parameters, values, key, *batch):
        key, now = jax.random.split(key)
        loss, gradients = jax.value_and_grad(workload.loss)(parameters, now, *batch)
        parameters, values = update(parameters, gradients, values)
        return parameters, values, key, loss

    state = [workload.parameters, begin(workload.parameters), jax.random.key(1)]

    def run():
        *state[:], loss = step(*state, *workload.batch)
        return jax.block_until_ready((loss, state[0]))[0]

    return run


def run_timed(step, args):
    """The milliseconds of each step, in order of size."""
    times = []
    end = time.perf_counter() + args.seconds
    while time.perf_counter() < end or len(times) < 5:
        begin = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - begin))
    return sorted(times)


def measure(name, args):
    memory = ResidentMemory()
    step = training_step(WORKLOADS[name](random_keys()))
    losses = [step()]
    for _ in range(4):
        step()
    times = run_timed(step, args)
    losses.append(step())
    row = {
        "lib": "jax",
        "mode": "jit",
        "dtype": "float32",
        "workload": name,
        "threads": args.threads,
        "min_ms": round(times[0], 4),
        "median_ms": round(times[len(times) // 2], 4),
        "steps": len(times),
        **memory.facts(),
        "loss": [round(float(loss), 4) for loss in losses],
    }
    print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="1: it is kept on one core")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("workloads", nargs="*")
    args = parser.parse_args()
    if args.threads == 1:  # before JAX counts the cores
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import_jax()
    for workload in args.workloads or WORKLOADS:
        measure(workload, args)


def import_jax():
    global jax, jnp
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
