"""Fetchers: turn an index, or a list of them, into the data a loader gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushlight import _C
from rushlight.utils.data._utils.collate import default_collate
from rushlight.utils.data.dataset import Dataset, Subset, TensorDataset

_tensor, _int64 = _C.torch.tensor, _C.int64


class _MapDatasetFetcher:
    """Reads samples by their numbers."""

    def __init__(
        self, dataset: Dataset, auto_collation: bool, collate_fn: Callable, drop_last: bool
    ) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def fetch(self, index: Any) -> Any:
        dataset = self.dataset
        if not self.auto_collation:
            return self.collate_fn(dataset[index])
        if getattr(dataset, "__getitems__", None):
            return self.collate_fn(dataset.__getitems__(index))
        return self.collate_fn([dataset[i] for i in index])


class _TensorFetcher(_MapDatasetFetcher):
    """Indexes the tensors of a TensorDataset (or of its subset) once for a whole batch."""

    def __init__(self, dataset: Dataset, *rest: Any) -> None:
        super().__init__(dataset, *rest)
        self.subsets = []
        while type(dataset) is Subset:
            self.subsets.append(dataset.indices)
            dataset = dataset.dataset
        self.tensors = dataset.tensors

    def fetch(self, index: Any) -> Any:
        if type(index) is not list:
            return super().fetch(index)
        rows = index
        try:
            for indices in self.subsets:
                rows = [indices[i] for i in rows]
            rows = _tensor(rows)
        except (TypeError, ValueError, RuntimeError):  # not numbers: one after another
            return super().fetch(index)
        if rows.dtype != _int64:
            return super().fetch(index)
        return [tensor[rows] for tensor in self.tensors]


class _IterableDatasetFetcher(_MapDatasetFetcher):
    """Reads samples one after another; the indices only tell how many."""

    def __init__(self, dataset: Dataset, *rest: Any) -> None:
        super().__init__(dataset, *rest)
        self.dataset_iter = iter(dataset)
        self.ended = False

    def fetch(self, index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.dataset_iter))
        samples = []
        for _ in index:
            try:
                samples.append(next(self.dataset_iter))
            except StopIteration:
                self.ended = True
                break
        if not samples or (self.drop_last and len(samples) < len(index)):
            raise StopIteration
        return self.collate_fn(samples)


class _DatasetKind:
    """Whether samples are read by number or one after another."""

    Map = 0
    Iterable = 1

    @staticmethod
    def create_fetcher(
        kind: int, dataset: Dataset, auto_collation: bool, collate_fn: Callable, drop_last: bool
    ) -> _MapDatasetFetcher:
        arguments = dataset, auto_collation, collate_fn, drop_last
        if kind == _DatasetKind.Iterable:
            return _IterableDatasetFetcher(*arguments)
        if auto_collation and collate_fn is default_collate and _holds_tensors(dataset):
            return _TensorFetcher(*arguments)
        return _MapDatasetFetcher(*arguments)


def _holds_tensors(dataset: Dataset) -> bool:
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return type(dataset) is TensorDataset
