"""Functions and methods made from rows: forms, keywords, results with names, refusals."""

import pytest
import rushlight as torch


def test_one_op_has_function_method_in_place_and_out():
    x = torch.tensor([1.0, 4.0, 9.0])
    out = torch.empty(3)
    assert torch.sqrt(x).tolist() == x.sqrt().tolist() == [1.0, 2.0, 3.0]
    assert torch.sqrt(x, out=out) is out and out.tolist() == [1.0, 2.0, 3.0]
    assert x.sqrt_() is x and x.tolist() == [1.0, 2.0, 3.0]


def test_out_is_a_tuple_where_the_result_is_one():
    values, indices = torch.empty(2), torch.empty(2, dtype=torch.int64)
    torch.max(torch.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, indices))
    assert values.tolist() == [3.0, 5.0] and indices.tolist() == [1, 0]


def test_named_results_unpack_and_have_names():
    result = torch.max(torch.tensor([[1, 3], [5, 2]]), dim=1)
    values, indices = result
    assert result.values is values and result.indices is indices
    assert type(result) is torch.return_types.max


def test_in_place_keeps_the_kind_of_numbers():
    whole = torch.tensor([1, 2])
    with pytest.raises(RuntimeError, match="int64"):
        whole.add_(0.5)
    with pytest.raises(RuntimeError, match="int64"):
        whole.add_(1, alpha=0.5)
    assert whole.add_(1).tolist() == [2, 3]
    assert torch.tensor([1.5]).mul_(whole[:1]).tolist() == [3.0]


def test_aliases_do_the_same():
    x, y = torch.tensor([5.0, -7.0]), torch.tensor([2.0, 2.0])
    assert torch.multiply(x, y).tolist() == torch.mul(x, y).tolist()
    assert torch.subtract(x, y, alpha=2).tolist() == [1.0, -11.0]
    assert x.divide(y, rounding_mode="floor").tolist() == [2.0, -4.0]
    assert x.div(y, rounding_mode="trunc").tolist() == [2.0, -3.0]
    assert x.clip(-1, 1).tolist() == [1.0, -1.0]


def test_whole_division_truncates_exactly():
    big = torch.tensor([2**53 + 1, -(2**53) - 1])
    assert big.div(2, rounding_mode="trunc").tolist() == [2**52, -(2**52)]


def test_clamp_takes_numbers_and_tensors():
    x = torch.tensor([1, 5, 9])
    assert x.clamp(2, 6).tolist() == [2, 5, 6]
    assert x.clamp(min=torch.tensor([3, 3, 10])).tolist() == [3, 5, 10]
    assert x.clamp(max=2.5).tolist() == [1.0, 2.5, 2.5]
    with pytest.raises(RuntimeError, match="at least one"):
        x.clamp()


def test_keywords_of_numpy_are_understood():
    x = torch.arange(6.0).reshape(2, 3)
    assert x.sum(axis=0, keepdims=True).shape == (1, 3)


def test_unknown_keywords_say_what_would_be_right():
    with pytest.raises(TypeError, match="dimension.*expected sum"):
        torch.sum(torch.ones(2), dimension=0)


def test_numbers_stand_for_tensors_only_where_pytorch_allows_it():
    x = torch.tensor([1.0, 2.0])
    assert torch.pow(2, x).tolist() == [2.0, 4.0]
    with pytest.raises(TypeError):
        torch.maximum(x, 1)


def test_lists_and_arguments_are_the_same_for_rests():
    x = torch.arange(6)
    assert x.reshape(2, 3).shape == x.reshape((2, 3)).shape == x.reshape([2, -1]).shape
    a, b = torch.ones(2, 1), torch.ones(3)
    for parts in (torch.broadcast_tensors(a, b), torch.broadcast_tensors([a, b])):
        assert [p.shape for p in parts] == [(2, 3), (2, 3)]


def test_tolist_gives_numbers_of_python():
    assert torch.tensor([[True], [False]]).tolist() == [[True], [False]]
    assert torch.tensor(3).tolist() == 3
    assert torch.arange(6).reshape(2, 3).t().tolist() == [[0, 3], [1, 4], [2, 5]]
    assert torch.empty(2, 0).tolist() == [[], []]


def test_layout_changes_in_place():
    x = torch.arange(6).reshape(2, 3)
    assert x.t_() is x and x.shape == (3, 2)
    assert x.unsqueeze_(0).shape == (1, 3, 2) and x.squeeze_().shape == (3, 2)
    w = torch.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        w.t_()


def test_resize_keeps_elements_and_uses_the_room_there_is():
    x = torch.arange(6)
    x.resize_(2, 2)
    assert x.tolist() == [[0, 1], [2, 3]]
    x.resize_(6)
    assert x.tolist() == [0, 1, 2, 3, 4, 5]
    assert x.resize_(8)[:6].tolist() == [0, 1, 2, 3, 4, 5]


def test_backward_into_named_inputs():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    (a * b * 3).sum().backward(inputs=[a])
    assert a.grad.tolist() == [3.0, 3.0] and b.grad is None


def test_there_is_no_other_device():
    x = torch.zeros(2, device="cpu")
    assert x.to("cpu") is not None and x.cpu() is x
    for call in (lambda: x.cuda(), lambda: x.to("cuda"), lambda: torch.zeros(2, device="cuda:0")):
        with pytest.raises(RuntimeError, match="cpu"):
            call()
