"""state_dict and load_state_dict: keys, strictness, sizes, hooks."""

from collections import OrderedDict

import pytest
import rushlight as torch
from rushlight import nn


def make():
    return nn.Sequential(OrderedDict(first=nn.Linear(2, 3), second=nn.Linear(3, 1)))


def test_a_state_goes_over():
    a, b = make(), make()
    result = b.load_state_dict(a.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    for name, value in a.state_dict().items():
        assert torch.equal(value, b.state_dict()[name])
        assert not value.requires_grad
    assert a.state_dict(keep_vars=True)["first.weight"] is a.first.weight
    assert list(a.state_dict(prefix="net."))[0] == "net.first.weight"


def test_the_state_shares_memory_with_the_module():
    net = make()
    net.state_dict()["first.bias"].fill_(7)
    assert net.first.bias[0].item() == 7


def test_metadata_holds_versions():
    assert make().state_dict()._metadata["first"] == {"version": 1}


def test_differences_are_reported_together():
    state = make().state_dict()
    del state["first.bias"]
    state["third.weight"] = torch.zeros(1)
    state["second.weight"] = torch.zeros(2, 2)
    with pytest.raises(RuntimeError) as error:
        make().load_state_dict(state)
    assert str(error.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "first.bias". \n'
        '\tUnexpected key(s) in state_dict: "third.weight". \n'
        "\tsize mismatch for second.weight: copying a param with shape "
        f"{torch.Size([2, 2])} from checkpoint, the shape in current model is "
        f"{torch.Size([1, 3])}."
    )


def test_not_strict_returns_the_differences():
    state = make().state_dict()
    del state["first.bias"]
    state["third.weight"] = torch.zeros(1)
    keys = make().load_state_dict(state, strict=False)
    assert keys.missing_keys == ["first.bias"]
    assert keys.unexpected_keys == ["third.weight"]


def test_wrong_values_are_named():
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        make().load_state_dict([1])
    state = make().state_dict()
    state["first.bias"] = [1, 2, 3]
    with pytest.raises(RuntimeError, match='While copying the parameter named "first.bias"'):
        make().load_state_dict(state)


def test_assign_takes_the_tensors_themselves():
    net, state = make(), make().double().state_dict()
    net.load_state_dict(state, assign=True)
    assert net.first.weight.dtype == torch.float64
    assert isinstance(net.first.weight, nn.Parameter) and net.first.weight.requires_grad
    state["first.weight"].fill_(3)
    assert net.first.weight[0, 0].item() == 3


def test_extra_state():
    class Counting(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    a, b = nn.Sequential(Counting()), nn.Sequential(Counting())
    a[0].count = 5
    assert list(a.state_dict()) == ["0._extra_state"]
    b.load_state_dict(a.state_dict())
    assert b[0].count == 5
    with pytest.raises(RuntimeError, match="0._extra_state"):
        b.load_state_dict({})


def test_state_dict_hooks():
    net = make()
    log = []
    net.register_state_dict_pre_hook(lambda module, prefix, keep_vars: log.append("before"))

    def add_key(module, state, prefix, local_metadata):
        state[prefix + "added"] = torch.zeros(1)

    handle = net.register_state_dict_post_hook(add_key)
    assert "added" in net.state_dict() and log == ["before"]
    handle.remove()
    assert "added" not in net.state_dict()


def test_load_hooks():
    net = make()

    def rename(module, state, prefix, *rest):
        state[prefix + "first.weight"] = state.pop(prefix + "old")

    net.register_load_state_dict_pre_hook(rename)
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    state = make().state_dict()
    state["old"] = state.pop("first.weight")
    del state["first.bias"]
    net.load_state_dict(state)
    assert torch.equal(net.first.weight, state["old"])


def test_a_prefix_can_be_taken_away():
    state = nn.Sequential(OrderedDict(module=make())).state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert repr(make().load_state_dict(state)) == "<All keys matched successfully>"
    assert set(state._metadata) == {"", "first", "second"}
