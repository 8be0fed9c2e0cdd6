"""Activation checkpoints: equal gradients, equal random numbers, any structure of results."""

import functools

import pytest
import rushlight
from rushlight.utils.checkpoint import checkpoint, checkpoint_sequential


def gradients(run):
    """The result and the gradients of the input and of a weight the function captures."""
    rushlight.manual_seed(4)
    x = rushlight.tensor([0.5, -1.0, 2.0], requires_grad=True)
    weight = rushlight.tensor([1.0, 2.0, 3.0], requires_grad=True)
    calls = []

    def function(value, power=2, shift=None):
        calls.append(1)
        drawn = rushlight.rand(3)
        result = rushlight.tanh(value * weight * drawn) ** power
        return {"result": result if shift is None else result + shift, "more": [value * 2, "text"]}

    out = run(function, x)
    (out["result"].sum() + out["more"][0].sum()).backward()
    assert out["more"][1] == "text"
    return out["result"].tolist(), x.grad.tolist(), weight.grad.tolist(), len(calls)


def test_gradients_are_those_of_the_plain_call():
    plain = gradients(lambda function, x: function(x, 3, shift=x))
    twice = gradients(lambda function, x: checkpoint(function, x, 3, shift=x, use_reentrant=False))
    for mine, theirs in zip(twice[:3], plain[:3]):
        assert mine == pytest.approx(theirs)
    assert (plain[3], twice[3]) == (1, 2)


def test_without_gradients_the_function_is_called_once():
    calls = []
    with rushlight.no_grad():
        result = checkpoint(lambda x: calls.append(1) or x * 2, 3, use_reentrant=False)
    assert (result, calls) == (6, [1])


def test_a_sequence_is_cut_into_segments():
    functions = [rushlight.tanh, lambda x: x * 2, rushlight.tanh, lambda x: x + 1, rushlight.tanh]
    x = rushlight.tensor([0.5, -1.0], requires_grad=True)
    out = checkpoint_sequential(functions, 2, x, use_reentrant=False)
    out.sum().backward()
    mine, x.grad = x.grad.tolist(), None
    plain = functools.reduce(lambda value, function: function(value), functions, x)
    plain.sum().backward()
    assert out.tolist() == pytest.approx(plain.tolist())
    assert mine == pytest.approx(x.grad.tolist())


def test_arguments_are_checked_as_pytorch_does():
    x = rushlight.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant"):
        checkpoint(rushlight.tanh, x)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: shift"):
        checkpoint(rushlight.tanh, x, shift=1, use_reentrant=True)
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(rushlight.tanh, x, debug=True, use_reentrant=True)
