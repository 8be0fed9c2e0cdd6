"""nn.utils.prune: masks over parameters, one over another, and made permanent."""

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.nn.utils import prune


def layer():
    made = nn.Linear(2, 3, bias=False)
    made.weight.data = torch.tensor([[1.0, -5.0], [0.5, 4.0], [-3.0, 2.0]])
    return made


def test_the_smallest_go_first_and_stay_gone():
    m = prune.l1_unstructured(layer(), "weight", 0.34)
    assert m.weight.tolist() == [[0, -5], [0, 4], [-3, 2]]
    assert sorted(m.state_dict()) == ["weight_mask", "weight_orig"]
    assert [name for name, _ in m.named_parameters()] == ["weight_orig"]
    prune.l1_unstructured(m, "weight", 1)
    assert m.weight.tolist() == [[0, -5], [0, 4], [-3, 0]]
    m(torch.ones(1, 2)).sum().backward()
    assert m.weight_orig.grad.tolist() == [[0, 1], [0, 1], [1, 0]]


def test_a_step_of_the_original_shows_at_the_next_call():
    m = prune.l1_unstructured(layer(), "weight", 2)
    with torch.no_grad():
        m.weight_orig += 1
    m(torch.ones(1, 2))
    assert m.weight.tolist() == [[0, -4], [0, 5], [-2, 3]]


def test_remove_leaves_an_ordinary_parameter():
    m = prune.l1_unstructured(layer(), "weight", 3)
    assert prune.is_pruned(nn.Sequential(m))
    prune.remove(m, "weight")
    assert not prune.is_pruned(m)
    assert isinstance(m.weight, nn.Parameter)
    assert list(m.state_dict()) == ["weight"]
    assert (m.weight == 0).sum().item() == 3
    with pytest.raises(ValueError, match="not pruned"):
        prune.remove(m, "weight")


def test_slices_by_norm_and_by_chance():
    m = prune.ln_structured(layer(), "weight", amount=1, n=2, dim=0)
    assert m.weight_mask.tolist() == [[1, 1], [1, 1], [0, 0]]
    prune.random_structured(m, "weight", amount=1, dim=1)
    assert m.weight_mask.sum().item() == 2
    m = prune.random_unstructured(layer(), "weight", 4)
    assert m.weight_mask.sum().item() == 2


def test_masks_of_your_own_and_scores_of_your_own():
    m = prune.custom_from_mask(layer(), "weight", torch.tensor([[1, 0], [0, 1], [1, 1]]))
    assert m.weight.tolist() == [[1, 0], [0, 4], [-3, 2]]
    scores = torch.tensor([[9.0, 0], [9, 9], [9, 9]])
    m = prune.l1_unstructured(layer(), "weight", 1, importance_scores=scores)
    assert m.weight.tolist() == [[1, 0], [0.5, 4], [-3, 2]]


def test_several_layers_share_an_amount():
    first, second = layer(), layer()
    first.weight.data *= 100
    both = [(first, "weight"), (second, "weight")]
    prune.global_unstructured(both, pruning_method=prune.L1Unstructured, amount=0.5)
    assert first.weight_mask.sum().item() == 6
    assert second.weight_mask.sum().item() == 0


@pytest.mark.parametrize("amount, error", [(7, ValueError), (1.5, ValueError), (-1, ValueError)])
def test_amounts_that_cannot_be(amount, error):
    with pytest.raises(error, match="prune"):
        prune.l1_unstructured(layer(), "weight", amount)
    with pytest.raises(TypeError, match="number"):
        prune.l1_unstructured(layer(), "weight", "half")
