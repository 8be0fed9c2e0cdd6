"""Data sets and how they are split, joined and stacked."""

import pytest
import rushlight
from rushlight.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Squares(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index * index


class Count(IterableDataset):
    def __init__(self, *numbers):
        self.numbers = numbers

    def __len__(self):
        return len(self.numbers)

    def __iter__(self):
        return iter(self.numbers)


def test_a_tensor_data_set_gives_rows():
    dataset = TensorDataset(rushlight.tensor([[1, 2], [3, 4]]), rushlight.tensor([5, 6]))
    first, second = dataset[1]
    assert (first.tolist(), second.item(), len(dataset)) == ([3, 4], 6, 2)
    with pytest.raises(AssertionError, match=r"Size mismatch.*\[2, 3\]"):
        TensorDataset(rushlight.zeros(2), rushlight.zeros(3))


def test_joined_sets_are_read_one_after_another():
    both = Squares(3) + Squares(2)
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(5)] == [0, 1, 4, 0, 1]
    assert (both[-1], both.cumulative_sizes) == (1, [3, 5])
    with pytest.raises(ValueError, match="-6 is out of range"):
        both[-6]
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])
    chain = Count(1, 2) + Count(3)
    assert isinstance(chain, ChainDataset)
    assert (list(chain), len(chain)) == ([1, 2, 3], 3)
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Count(1)])


def test_stacked_sets_are_read_side_by_side():
    assert StackDataset(Squares(3), Squares(3))[2] == (4, 4)
    named = StackDataset(a=Squares(3), b=Subset(Squares(9), [6, 7, 8]))
    assert named.__getitems__([0, 2]) == [{"a": 0, "b": 36}, {"a": 4, "b": 64}]
    with pytest.raises(ValueError, match=r"Size mismatch.*\[3, 4\]"):
        StackDataset(Squares(3), Squares(4))
    with pytest.raises(ValueError, match="by position"):
        StackDataset()


def test_a_subset_that_changes_samples_must_change_batches_too():
    class Doubled(Subset):
        def __getitem__(self, index):
            return 2 * super().__getitem__(index)

    with pytest.raises(NotImplementedError, match="Doubled overrides __getitem__ but not"):
        Doubled(Squares(4), [1, 2])


def test_random_splits_are_pytorchs():
    generator = rushlight.Generator()
    generator.manual_seed(42)
    parts = random_split(range(10), [0.5, 0.3, 0.2], generator)
    assert [part.indices for part in parts] == [[2, 6, 1, 8, 4], [5, 0, 9], [3, 7]]
    generator.manual_seed(1)
    parts = random_split(range(7), [4, 3], generator)
    assert [list(part) for part in parts] == [[0, 6, 1, 3], [5, 2, 4]]
    with pytest.raises(ValueError, match="6 is not 7"):
        random_split(range(7), [4, 2])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(1), [0.9, 0.1])


def test_what_a_subclass_lacks_is_named():
    class Empty(Dataset):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define __getitem__"):
        Empty()[0]
