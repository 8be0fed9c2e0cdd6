"""Each process's share of a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rushlight import _C
from rushlight.utils.data.dataset import Dataset
from rushlight.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Gives process `rank` of `num_replicas` its share of the indices, all shares equally long.

    Indices repeat to fill the shares up, or with `drop_last` some are left out. Call
    `set_epoch` before each epoch for another order.
    """

    def __init__(
        self,
        dataset: Dataset,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "DistributedSampler needs num_replicas and rank: there are no process groups to "
                "ask for them"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        size = len(dataset)
        self.num_samples = size // num_replicas if drop_last else math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            generator = _C.Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = _C.torch.randperm(size, generator=generator).tolist()
        else:
            indices = list(range(size))
        if self.total_size > size:
            indices *= math.ceil(self.total_size / size)
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Sets the number that, with the seed, decides the order."""
        self.epoch = epoch
