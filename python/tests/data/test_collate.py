"""What becomes of samples in a batch, by their class."""

import collections
import dataclasses

import numpy as np
import pytest
import rushlight
from rushlight.utils.data import default_collate, default_convert
from rushlight.utils.data._utils.collate import collate, default_collate_fn_map

Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass
class Plain:
    x: int


def test_numbers_become_tensors_of_their_kind():
    cases = [
        ([1, 2], rushlight.int64),
        ([1.5, 2.5], rushlight.float64),
        ([True, False], rushlight.bool),
        ([np.float32(1), np.float32(2)], rushlight.float32),
        ([np.int16(1), np.int16(2)], rushlight.int16),
        ([np.array([1, 2], dtype=np.uint8)] * 2, rushlight.uint8),
        ([np.array(3.0)] * 2, rushlight.float64),
    ]
    for batch, dtype in cases:
        collated = default_collate(batch)
        assert collated.dtype == dtype
        assert collated.shape[0] == 2


def test_tensors_are_stacked():
    collated = default_collate([rushlight.tensor([1.0, 2.0]), rushlight.tensor([3.0, 4.0])])
    assert collated.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert collated.dtype == rushlight.float32


def test_structures_keep_their_form():
    collated = default_collate([Pair(1, "a"), Pair(2, "b")])
    assert isinstance(collated, Pair)
    assert (collated.left.tolist(), collated.right) == ([1, 2], ("a", "b"))
    collated = default_collate([{"x": (1, 2.0), "y": ["s"]}, {"x": (3, 4.0), "y": ["t"]}])
    assert [part.tolist() for part in collated["x"]] == [[1, 3], [2.0, 4.0]]
    assert type(collated["x"]) is list
    assert collated["y"] == [("s", "t")]
    ordered = default_collate([collections.OrderedDict(a=1)] * 2)
    assert type(ordered) is collections.OrderedDict


def test_what_cannot_be_collated_is_named():
    with pytest.raises(TypeError, match="found.*Plain"):
        default_collate([Plain(1), Plain(2)])
    with pytest.raises(TypeError, match="found <U1"):
        default_collate([np.array(["a"])] * 2)
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([[1, 2], [3]])


def test_other_classes_can_be_added():
    def of_plain(batch, *, collate_fn_map=None):
        return collate([one.x for one in batch], collate_fn_map=collate_fn_map)

    collated = collate(
        [Plain(4), Plain(5)], collate_fn_map={**default_collate_fn_map, Plain: of_plain}
    )
    assert collated.tolist() == [4, 5]


def test_converting_changes_numpy_only():
    value = {"a": np.arange(3), "b": (1, "x"), "c": Pair(np.float64(2), None), "d": Plain(1)}
    converted = default_convert(value)
    assert converted["a"].tolist() == [0, 1, 2]
    assert converted["b"] == [1, "x"]
    assert isinstance(converted["c"], Pair)
    assert converted["c"].left.dtype == rushlight.float64
    assert converted["d"] is value["d"]
    assert default_convert(np.array(["a"])).tolist() == ["a"]
