"""A line search for a point that is low and flat enough: the strong Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

_ENOUGH = 1e-4  # the share of the expected descent that a point must reach
_FLAT = 0.9  # the share of the first slope that a point may have
_SMALLEST = 1e-9  # the width of an interval that is not searched further
_MARGIN = 0.1  # how near the ends of an interval a guess may be, as a share of it
_LEAST_GROWTH, _MOST_GROWTH = 0.01, 10


class Point(NamedTuple):
    """A place on the line, with the loss, its slope along the line, and the gradient there."""

    at: float
    loss: float
    slope: float
    gradient: Any


def _lowest_of_cubic(p: Point, q: Point, low: float, high: float) -> float:
    """Where the cubic through two points with their slopes is lowest, within [low, high]."""
    left, right = (p, q) if p.at <= q.at else (q, p)
    bend = p.slope + q.slope - 3 * (p.loss - q.loss) / (p.at - q.at)
    square = bend * bend - p.slope * q.slope
    if not square >= 0:
        return (low + high) / 2
    root = sqrt(square)
    part = (right.slope + root - bend) / (right.slope - left.slope + 2 * root)
    return min(max(right.at - (right.at - left.at) * part, low), high)


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, guess: float, largest: float, most: int
) -> Point:
    """Searches from `start` on; the best point after at most `most` more evaluations than one.

    `largest` is the direction's largest part, which tells how small an interval is.
    """
    return _Search(evaluate, start, largest, most).run(guess)


class _Search:
    def __init__(
        self, evaluate: Callable[[float], Point], start: Point, largest: float, most: int
    ) -> None:
        self.evaluate, self.start, self.largest, self.most = evaluate, start, largest, most
        self.used = 0

    def run(self, guess: float) -> Point:
        found, ends = self.bracket(guess)
        return found or self.zoom(ends)

    def is_too_high(self, point: Point) -> bool:
        return point.loss > self.start.loss + _ENOUGH * point.at * self.start.slope

    def is_flat(self, point: Point) -> bool:
        return abs(point.slope) <= -_FLAT * self.start.slope

    def bracket(self, guess: float) -> tuple[Point | None, list[Point]]:
        """Steps outward until a point is good, or an interval must hold one."""
        before, now = self.start, self.evaluate(guess)
        while self.used < self.most:
            if self.is_too_high(now) or (self.used > 1 and now.loss >= before.loss):
                return None, [before, now]
            if self.is_flat(now):
                return now, []
            if now.slope >= 0:
                return None, [before, now]
            low = now.at + _LEAST_GROWTH * (now.at - before.at)
            following = _lowest_of_cubic(before, now, low, _MOST_GROWTH * now.at)
            before, now = now, self.evaluate(following)
            self.used += 1
        return None, [self.start, now]

    def zoom(self, ends: list[Point]) -> Point:
        """Narrows the interval; `low` is the index of its better end."""
        low = 0 if ends[0].loss <= ends[1].loss else 1
        is_slow = False
        while self.used < self.most:
            width = abs(ends[1].at - ends[0].at)
            if width * self.largest < _SMALLEST:
                break
            guess, is_slow = self.next_inside(ends, width, is_slow)
            now = self.evaluate(guess)
            self.used += 1
            if self.is_too_high(now) or now.loss >= ends[low].loss:
                ends[1 - low] = now
                low = 0 if ends[0].loss <= ends[1].loss else 1
                continue
            if self.is_flat(now):
                return now
            if now.slope * (ends[1 - low].at - ends[low].at) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = now
        return ends[low]

    @staticmethod
    def next_inside(ends: list[Point], width: float, is_slow: bool) -> tuple[float, bool]:
        """The cubic's lowest place; away from the ends when it comes near them twice."""
        left, right = sorted(end.at for end in ends)
        at = _lowest_of_cubic(ends[0], ends[1], left, right)
        margin = _MARGIN * width
        if min(right - at, at - left) >= margin:
            return at, False
        if is_slow or at >= right or at <= left:
            at = right - margin if abs(at - right) < abs(at - left) else left + margin
            return at, False
        return at, True
