"""Loaders without workers: order, batches, random numbers, and what is refused."""

import numpy
import pytest
import rushlight
from rushlight.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    TensorDataset,
)


class Count(IterableDataset):
    def __init__(self, count, promised=None):
        self.count, self.promised = count, promised or count

    def __len__(self):
        return self.promised

    def __iter__(self):
        return iter(range(self.count))


def batches_of(loader):
    return [batch.tolist() for batch in loader]


def test_shuffled_orders_and_the_random_stream_are_pytorchs():
    rushlight.manual_seed(0)
    loader = DataLoader(range(10), batch_size=4, shuffle=True)
    assert batches_of(loader) == [[6, 7, 1, 4], [2, 0, 9, 8], [3, 5]]
    assert batches_of(loader) == [[2, 4, 7, 0], [8, 9, 5, 3], [6, 1]]
    assert rushlight.rand(1).item() == pytest.approx(0.4556, abs=5e-5)


def test_a_generator_of_ones_own_gives_pytorchs_order():
    generator = rushlight.Generator()
    generator.manual_seed(11)
    loader = DataLoader(range(6), batch_size=3, shuffle=True, generator=generator)
    assert batches_of(loader) == [[0, 3, 1], [2, 5, 4]]
    assert rushlight.rand(1, generator=generator).item() == pytest.approx(0.2719, abs=5e-5)


def test_lengths_count_batches():
    assert len(DataLoader(range(10), batch_size=4)) == 3
    assert len(DataLoader(range(10), batch_size=4, drop_last=True)) == 2
    assert len(DataLoader(range(10), batch_size=None)) == 10
    assert len(DataLoader(Count(10), batch_size=4)) == 3
    assert batches_of(DataLoader(range(10), batch_size=4, drop_last=True))[-1] == [4, 5, 6, 7]


def test_batches_of_a_tensor_data_set_equal_collated_samples():
    dataset = TensorDataset(rushlight.arange(12).reshape(6, 2), rushlight.arange(6).float())

    class Slow(TensorDataset):
        pass

    parts = Subset(dataset, [5, 0, 3]), Subset(Slow(*dataset.tensors), [5, 0, 3])
    for fast, slow in ((dataset, Slow(*dataset.tensors)), parts):
        for first, second in zip(DataLoader(fast, batch_size=4), DataLoader(slow, batch_size=4)):
            assert type(first) is type(second) is list
            for a, b in zip(first, second):
                assert (a.tolist(), a.dtype, a.shape) == (b.tolist(), b.dtype, b.shape)
    first = next(iter(DataLoader(dataset, batch_size=6)))[0]
    first.zero_()
    assert dataset.tensors[0].sum().item() == 66


def test_indices_of_any_kind_reach_a_tensor_data_set():
    dataset = TensorDataset(rushlight.arange(6))
    for batch in ([numpy.int64(4), -1], (4, 5), rushlight.tensor([4, 5]), [slice(4, 6)]):
        (values,) = next(iter(DataLoader(dataset, batch_sampler=[batch])))
        assert values.flatten().tolist() == [4, 5]
    with pytest.raises(IndexError):
        list(DataLoader(dataset, sampler=[7]))


def test_samples_come_alone_without_batches():
    assert list(DataLoader(["a", "b"], batch_size=None)) == ["a", "b"]
    assert list(DataLoader(Count(3), batch_size=None)) == [0, 1, 2]


def test_iterable_sets_give_what_they_have():
    assert batches_of(DataLoader(Count(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert batches_of(DataLoader(Count(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    loader = DataLoader(Count(4, promised=2), batch_size=1)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="reported to be 2") as caught:
        list(loader)
    assert ["but 3 samples" in str(caught[0].message), len(caught)] == [True, 2]


def test_samplers_and_functions_can_be_given():
    batches = BatchSampler(SequentialSampler(range(4)), 3, False)
    loader = DataLoader(range(4), batch_sampler=batches, collate_fn=sum)
    assert list(loader) == [3, 3]
    assert loader.batch_size is None
    assert batches_of(DataLoader(range(4), sampler=[3, 1])) == [[3], [1]]


def test_whole_batches_can_be_read_at_once():
    class Whole(Dataset):
        def __len__(self):
            return 4

        def __getitems__(self, indices):
            return [-i for i in indices]

    assert batches_of(DataLoader(Whole(), batch_size=3)) == [[0, -1, -2], [-3]]


def test_errors_of_the_data_set_come_through():
    class Broken(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            raise KeyError("no such sample")

    with pytest.raises(KeyError, match="no such sample"):
        list(DataLoader(Broken()))


@pytest.mark.parametrize(
    ("dataset", "options", "text"),
    [
        (range(3), {"num_workers": -1}, "num_workers option should be non-negative"),
        (range(3), {"timeout": -1}, "timeout option should be non-negative"),
        (range(3), {"prefetch_factor": 2}, "only be specified in multiprocessing"),
        (range(3), {"persistent_workers": True}, "needs num_workers > 0"),
        (range(3), {"batch_size": 0}, "batch_size=0"),
        (range(3), {"batch_size": None, "drop_last": True}, "exclusive with drop_last"),
        (range(3), {"shuffle": True, "sampler": [1]}, "exclusive with shuffle"),
        (range(3), {"batch_sampler": [[1]], "batch_size": 2}, "exclusive with batch_size"),
        (range(3), {"multiprocessing_context": "fork"}, "num_workers > 0"),
        (Count(3), {"shuffle": True}, "unspecified shuffle option"),
        (Count(3), {"sampler": [1]}, "unspecified sampler option"),
    ],
)
def test_wrong_options_are_refused(dataset, options, text):
    with pytest.raises(ValueError, match=text):
        DataLoader(dataset, **options)


def test_options_that_decide_the_order_cannot_be_set_later():
    loader = DataLoader(range(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader"):
        loader.batch_size = 2
    loader.collate_fn = list
    assert list(loader) == [[0], [1], [2]]
