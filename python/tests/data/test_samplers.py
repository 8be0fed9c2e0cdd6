"""The orders of samplers, which are PyTorch's for the same seed."""

import pytest
import rushlight
from rushlight.utils.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

WITH_REPLACEMENT = [
    *(7, 8, 5, 1, 8, 6, 2, 2, 3, 9, 8, 6, 2, 5, 5, 4, 2, 5, 8, 4),
    *(1, 8, 5, 1, 3, 1, 7, 4, 2, 1, 1, 5, 3, 3, 7, 4, 3, 6, 0, 9),
]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: SequentialSampler("abc"), [0, 1, 2]),
        (lambda: RandomSampler(range(10), True, 40), WITH_REPLACEMENT),
        (lambda: RandomSampler(range(4), num_samples=10), [3, 1, 0, 2, 3, 0, 2, 1, 0, 1]),
        (lambda: SubsetRandomSampler([5, 6, 7, 8]), [7, 8, 6, 5]),
        (lambda: WeightedRandomSampler([0.1, 0.2, 0.7], 8), [0, 1, 2, 1, 2, 2, 1, 2]),
    ],
)
def test_orders_are_pytorchs(make, expected):
    rushlight.manual_seed(3)
    sampler = make()
    assert (list(sampler), len(sampler)) == (expected, len(expected))


def test_batches_are_full_but_the_last():
    assert list(BatchSampler(range(7), 3, False)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(BatchSampler(range(7), 3, True)) == [[0, 1, 2], [3, 4, 5]]
    assert [len(BatchSampler(range(7), 3, drop)) for drop in (False, True)] == [3, 2]


def test_shares_of_processes_are_pytorchs():
    shares = [list(DistributedSampler(range(10), 3, rank, seed=5)) for rank in range(3)]
    assert shares == [[1, 6, 0, 7], [4, 3, 2, 1], [9, 5, 8, 4]]
    shares = [DistributedSampler(range(10), 4, rank, False, drop_last=True) for rank in range(4)]
    assert [list(share) for share in shares] == [[0, 4], [1, 5], [2, 6], [3, 7]]
    sampler = DistributedSampler(range(10), 3, 0, seed=5)
    sampler.set_epoch(1)
    assert list(sampler) != [1, 6, 0, 7]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RandomSampler([]), "num_samples=0"),
        (lambda: BatchSampler(range(3), 0, False), "batch_size=0"),
        (lambda: BatchSampler(range(3), 2, 1), "drop_last=1"),
        (lambda: WeightedRandomSampler([0.5], True), "num_samples=True"),
        (lambda: WeightedRandomSampler([[0.5]], 1), r"1d sequence.*\(1, 1\)"),
        (lambda: DistributedSampler(range(3), 2, 2), "Invalid rank 2"),
    ],
)
def test_wrong_arguments_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
