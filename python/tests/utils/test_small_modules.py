"""The small modules of utils: handles of hooks, exchange by capsules."""

import pytest
import rushlight
from rushlight.utils.dlpack import from_dlpack, to_dlpack


def test_a_capsule_shares_memory_and_is_taken_once():
    tensor = rushlight.arange(3)
    capsule = to_dlpack(tensor)
    other = from_dlpack(capsule)
    tensor[0] = 7
    assert other.tolist() == [7, 1, 2]
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        from_dlpack(capsule)


def test_hooks_return_the_handle():
    p = rushlight.zeros(1, requires_grad=True)
    handle = rushlight.optim.SGD([p], lr=0.1).register_step_pre_hook(print)
    assert isinstance(handle, rushlight.utils.hooks.RemovableHandle)


def test_what_is_not_there_is_named():
    with pytest.raises(AttributeError, match="rushlight.utils.*nothing"):
        print(rushlight.utils.nothing)
