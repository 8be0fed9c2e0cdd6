"""Loaders beside PyTorch's: the same batches in the same order, the same random stream after."""

import random

import numpy
import pytest
import rushlight
import torch

LIBRARIES = (rushlight, torch)


class Samples:
    """Samples of every kind, some of which draw random numbers."""

    def __init__(self, library, count=23):
        self.library, self.count = library, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {
            "tensor": self.library.full((3,), float(index)),
            "drawn": self.library.rand(2),
            "array": numpy.arange(4) + index,
            "half": numpy.full(2, index, dtype="float16"),
            "numbers": (index, index * 1.5, index % 2 == 0, numpy.float32(index)),
            "doubles": [numpy.float64(index), numpy.int32(index)],
            "text": str(index),
            "random": (random.random(), numpy.random.rand()),
        }


def tensors(library):
    columns = (numpy.arange(33, dtype="float32").reshape(11, 3), numpy.arange(11))
    return library.utils.data.TensorDataset(*map(library.from_numpy, columns))


def part(library):
    return library.utils.data.random_split(tensors(library), [0.6, 0.4])[0]


def stream(library):
    class Numbers(library.utils.data.IterableDataset):
        def __iter__(self):
            info = library.utils.data.get_worker_info()
            start, step = (info.id, info.num_workers) if info else (0, 1)
            for number in range(start, 23, step):
                yield number, info.seed if info else 0

    return Numbers()


def plain(value):
    """A batch as lists, with the dtypes of its tensors."""
    if isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return str(value.dtype).split(".")[1], tuple(value.shape), value.tolist()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(part) for part in value]
    return value


def passes(library, make, options, count=2):
    """All batches of some passes, and a random number after each."""
    random.seed(2)
    numpy.random.seed(3)
    library.manual_seed(5)
    options = dict(options)
    if "generator" in options:
        options["generator"] = library.Generator()
        options["generator"].manual_seed(4)
    if "sampler" in options:
        options["sampler"] = options["sampler"](library.utils.data)
    loader = library.utils.data.DataLoader(make(library), **options)
    seen = []
    for _ in range(count):
        seen += [plain(batch) for batch in loader]
        seen.append(library.rand(2).tolist())
    return seen


MAP_OPTIONS = [
    {},
    {"batch_size": 4, "shuffle": True},
    {"batch_size": 4, "shuffle": True, "drop_last": True, "generator": None},
    {"batch_size": None, "shuffle": True},
    {"batch_size": 3, "shuffle": True, "num_workers": 2},
    {"batch_size": 3, "shuffle": True, "num_workers": 2, "persistent_workers": True},
    {"batch_size": None, "num_workers": 2, "prefetch_factor": 3},
    {"sampler": lambda data: data.RandomSampler(range(7), True, 40), "batch_size": 8},
    {"sampler": lambda data: data.WeightedRandomSampler([0.1, 0.3, 0.6], 20), "batch_size": 8},
    {"sampler": lambda data: data.SubsetRandomSampler([4, 2, 5]), "batch_size": 2},
]
STREAM_OPTIONS = [
    {},
    {"batch_size": 4},
    {"batch_size": 4, "drop_last": True},
    {"batch_size": None},
    {"batch_size": 3, "num_workers": 2},
    {"batch_size": 3, "num_workers": 2, "persistent_workers": True},
]


@pytest.mark.parametrize("options", MAP_OPTIONS, ids=str)
@pytest.mark.parametrize("make", [Samples, tensors])
def test_batches_are_pytorchs(make, options):
    ours, theirs = (passes(library, make, options) for library in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize("options", MAP_OPTIONS[:3], ids=str)
def test_batches_of_a_random_part_are_pytorchs(options):
    ours, theirs = (passes(library, part, options) for library in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize("options", STREAM_OPTIONS, ids=str)
def test_batches_of_a_stream_are_pytorchs(options):
    ours, theirs = (passes(library, stream, options) for library in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**40 + 17])
@pytest.mark.parametrize("size", [1, 2, 31, 1000, 70_000])
def test_permutations_are_pytorchs(seed, size):
    orders = []
    for library in LIBRARIES:
        library.manual_seed(seed)
        orders.append(list(library.utils.data.RandomSampler(range(size))))
    assert orders[0] == orders[1]


@pytest.mark.parametrize("options", [{}, {"drop_last": True}, {"shuffle": False}, {"seed": 7}])
@pytest.mark.parametrize("replicas", [1, 3, 4, 25])
def test_shares_of_processes_are_pytorchs(options, replicas):
    if options.get("drop_last") and replicas > 10:
        pytest.skip("no sample for each")
    shares = []
    for library in LIBRARIES:
        shares.append([])
        for rank in range(replicas):
            sampler = library.utils.data.DistributedSampler(range(10), replicas, rank, **options)
            sampler.set_epoch(2)
            shares[-1].append(list(sampler))
    assert shares[0] == shares[1]
