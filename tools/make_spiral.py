#!/usr/bin/env python3
"""Writes share/spiral/spiral.npy: the three spiral arms and the first weights of a classic NumPy
demonstration, as a dictionary of arrays. Needs NumPy, whose legacy generator gives the same numbers
in every version."""

import pathlib

import numpy as np

CLASSES, COUNT = 3, 150
DEVIATION = 0.01


def arms():
    """Points in shuffled order, and the arm of each."""
    random = np.random.RandomState(0)
    points = []
    for j in range(CLASSES):
        radius = np.linspace(0, 1, COUNT)
        angle = np.linspace(4 * j, 4 * (j + 1), COUNT) + 0.2 * random.randn(COUNT)
        points.append(np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1))
    order = np.arange(CLASSES * COUNT)
    random.shuffle(order)
    return np.concatenate(points)[order], order // COUNT


def truncated_normal(shape):
    """Every call starts the same stream, as the demonstration's initialiser does."""
    random = np.random.RandomState(0)
    values = random.normal(0, DEVIATION, int(np.prod(shape)))
    while (outside := np.abs(values) > 2 * DEVIATION).any():
        values[outside] = random.normal(0, DEVIATION, int(outside.sum()))
    return values.reshape(shape).astype(np.float32)


def main():
    x, label = arms()
    arrays = {"x": x.astype(np.float32), "label": label.astype(np.uint8)}
    for i, shape in enumerate([(2, 50), (50, 50), (50, 3)]):
        arrays[f"w{i + 1}"] = truncated_normal(shape)
    path = pathlib.Path(__file__).resolve().parent.parent / "share/spiral/spiral.npy"
    path.parent.mkdir(exist_ok=True)
    np.save(path, arrays)


if __name__ == "__main__":
    main()
