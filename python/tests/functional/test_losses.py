"""Losses against values worked out by hand, and what they refuse."""

import math

import pytest
import rushlight as torch
import rushlight.nn.functional as F


def test_cross_entropy_of_ids_and_of_probabilities():
    scores = torch.zeros(2, 4)
    ids = torch.tensor([1, 3])
    assert F.cross_entropy(scores, ids).item() == pytest.approx(math.log(4))
    assert F.cross_entropy(scores, F.one_hot(ids, 4).float()).item() == pytest.approx(math.log(4))
    assert F.cross_entropy(scores, ids, reduction="sum").item() == pytest.approx(2 * math.log(4))
    assert math.isnan(F.cross_entropy(scores, torch.tensor([-100, -100])).item())


def test_older_flags_warn_and_count():
    x, y = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.0])
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert F.mse_loss(x, y, size_average=False).item() == 10
    with pytest.warns(UserWarning, match="reduction='none'"):
        assert F.l1_loss(x, y, reduce=False).tolist() == [1.0, 3.0]


def test_shapes_that_differ_are_broadcast_with_a_warning():
    with pytest.warns(UserWarning, match="target size"):
        assert F.mse_loss(torch.zeros(2, 1), torch.ones(2)).item() == 1


def test_kl_div_has_a_mean_over_the_batch():
    logs = F.log_softmax(torch.zeros(2, 2), 1)
    target = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    total = F.kl_div(logs, target, reduction="sum")
    assert total.item() == pytest.approx(math.log(2))
    assert F.kl_div(logs, target, reduction="batchmean").item() == pytest.approx(total.item() / 2)


def test_binary_losses_agree():
    scores, target = torch.tensor([0.3, -2.0]), torch.tensor([1.0, 0.0])
    ours = F.binary_cross_entropy_with_logits(scores, target)
    assert ours.item() == pytest.approx(
        F.binary_cross_entropy(torch.sigmoid(scores), target).item(), abs=1e-6
    )
    heavy = F.binary_cross_entropy_with_logits(scores, target, pos_weight=torch.tensor(3.0))
    assert heavy.item() > ours.item()


def test_ctc_takes_lengths_as_numbers():
    logs = F.log_softmax(torch.zeros(2, 1, 2), 2)
    # "1" can be written as 1, blank 1 or 1 blank: three of four ways
    loss = F.ctc_loss(logs, torch.tensor([[1]]), (2,), (1,), reduction="sum")
    assert loss.item() == pytest.approx(-math.log(0.75))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.mse_loss(torch.zeros(2), torch.zeros(2), reduction="all"), "reduction"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3])), "3"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0])), "target"),
        (lambda: F.triplet_margin_loss(*[torch.zeros(1, 2)] * 3, margin=0), "margin"),
        (lambda: F.binary_cross_entropy(torch.tensor([2.0]), torch.tensor([1.0])), "logits"),
    ],
)
def test_refusals_say_what_was_wrong(call, text):
    with pytest.raises((RuntimeError, ValueError), match=text):
        call()


def test_linear_cross_entropy_is_a_linear_layer_and_its_loss():
    module = torch.nn.LinearCrossEntropyLoss(3, 4, out_features=(2,), bias=True)
    x, target = torch.randn(5, 3), torch.randint(0, 4, (5, 2))
    logits = module.linear(x).reshape(5, 4, 2)
    assert torch.allclose(module(x, target), F.cross_entropy(logits, target))
    assert sorted(module.state_dict()) == ["linear.bias", "linear.weight"]
    with pytest.raises(RuntimeError, match="batch"):
        module(x[0], target[0])
    with pytest.raises(RuntimeError, match="label_smoothing"):
        torch.nn.LinearCrossEntropyLoss(3, 4, label_smoothing=2.0)
