"""The arithmetic that a workload cannot do without: its matrix products and convolutions, counted
from the layers' sizes. What is left out - element-wise ops, norms, the optimiser - takes time, too:
the bound is one that nothing reaches.
"""

from typing import NamedTuple


class Product(NamedTuple):
    multiply_adds: int  # of the forward pass
    is_first: bool = False  # nobody needs the gradient of what it reads

    def flops(self, is_training):
        passes = (2 if self.is_first else 3) if is_training else 1
        return 2 * passes * self.multiply_adds


def linear(rows, inputs, outputs, is_first=False):
    return Product(rows * inputs * outputs, is_first)


def conv(images, inputs, outputs, kernel, size, is_first=False):
    """Of `size` x `size` results; a transposed one: of what it reads."""
    return Product(images * size * size * outputs * inputs * kernel * kernel, is_first)


def mlp_micro(n):
    return [linear(n, 2, 16, True), linear(n, 16, 16), linear(n, 16, 1)]


def mlp_mnist(n):
    return [linear(n, 784, 800, True), linear(n, 800, 800), linear(n, 800, 10)]


def convnet(n):
    convolutions = [conv(n, 1, 32, 3, 26, True), conv(n, 32, 64, 3, 24)]
    return [*convolutions, linear(n, 9216, 128), linear(n, 128, 10)]


def resnet20(n):
    products = [conv(n, 3, 16, 3, 32, True), linear(n, 64, 10)]
    inputs = 16
    for width, size in ((16, 32), (32, 16), (64, 8)):
        if width != inputs:
            products.append(conv(n, inputs, width, 1, size))
        products += [conv(n, inputs, width, 3, size)] + 5 * [conv(n, width, width, 3, size)]
        inputs = width
    return products


def gru_mnist(n):
    steps, hidden = 28, 128
    reads, recurs = linear(steps * n, 28, 3 * hidden, True), linear(steps * n, hidden, 3 * hidden)
    return [reads, recurs, linear(n, hidden, 10)]


def char_lstm(n):
    rows, hidden = 128 * n, 256
    return 4 * [linear(rows, hidden, 4 * hidden)] + [linear(rows, hidden, 65)]


def gpt(layers, width, length, n):
    rows = n * length
    pairs = n * length * (length + 1) // 2  # of a token and one before it
    block = [
        linear(rows, width, 3 * width),
        Product(2 * pairs * width),  # scores, and the sum of values by them
        linear(rows, width, width),
        linear(rows, width, 4 * width),
        linear(rows, 4 * width, width),
    ]
    return layers * block + [linear(rows, width, 65)]


def gpt_baby(n):
    return gpt(4, 128, 64, n)


def gpt_mid(n):
    return gpt(6, 384, 256, n)


def conv_vae(n):
    encoder = [conv(n, 1, 32, 4, 14, True), conv(n, 32, 64, 4, 7)]
    code = [linear(n, 3136, 40), linear(n, 20, 3136)]
    return [*encoder, *code, conv(n, 64, 32, 4, 7), conv(n, 32, 1, 4, 14)]


# In the order in which they are run, with the examples of a training batch.
BATCHES = {
    "mlp_micro": 100,
    "mlp_mnist": 64,
    "convnet": 64,
    "resnet20": 64,
    "gru_mnist": 64,
    "char_lstm": 32,
    "gpt_baby": 12,
    "gpt_mid": 8,
    "conv_vae": 64,
}
PRODUCTS = {name: globals()[name] for name in BATCHES}


def flops(workload, is_training=True, batch=0):
    """Of one step. batch 0: the workload's own."""
    products = PRODUCTS[workload](batch or BATCHES[workload])
    return sum(product.flops(is_training) for product in products)
