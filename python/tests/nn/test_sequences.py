"""Recurrent layers, packed sequences, attention and transformers."""

import copy

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)


def close(a, b, tolerance=1e-5):
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def test_packing_and_back():
    sequences = [torch.arange(n, dtype=torch.float32) for n in (2, 4, 1)]
    padded = pad_sequence(sequences, batch_first=True, padding_value=-1.0)
    assert padded.tolist() == [[0, 1, -1, -1], [0, 1, 2, 3], [0, -1, -1, -1]]
    assert pad_sequence(sequences, padding_side="left").shape == (4, 3)
    packed = pack_padded_sequence(padded, [2, 4, 1], batch_first=True, enforce_sorted=False)
    assert isinstance(packed, PackedSequence)
    assert packed.data.tolist() == [0, 0, 0, 1, 1, 2, 3]
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    back, lengths = pad_packed_sequence(packed, batch_first=True, padding_value=-1.0)
    assert torch.equal(back, padded) and lengths.tolist() == [2, 4, 1]
    for one, other in zip(unpack_sequence(packed), sequences, strict=True):
        assert torch.equal(one, other)
    for one, other in zip(unpad_sequence(padded, lengths, True), sequences, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="total_length=3"):
        pad_packed_sequence(packed, total_length=3)


def test_packed_sequences_convert():
    packed = pack_sequence([torch.ones(3, 2), torch.ones(1, 2)])
    assert packed.double().data.dtype == torch.float64
    assert packed.to(torch.float32) is packed
    assert not packed.is_cuda


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_packed_input_gives_what_each_sequence_gives(kind):
    layer = getattr(nn, kind)(3, 4, num_layers=2, bidirectional=True)
    sequences = [torch.randn(n, 3) for n in (2, 5, 3)]
    output, hidden = layer(pack_sequence(sequences, enforce_sorted=False))
    for i, (sequence, got) in enumerate(zip(sequences, unpack_sequence(output), strict=True)):
        alone, state = layer(sequence)
        assert close(got, alone)
        pairs = zip(hidden, state, strict=True) if kind == "LSTM" else [(hidden, state)]
        for both, one in pairs:
            assert close(both[:, i], one)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_cell_is_one_step(kind):
    layer, cell = getattr(nn, kind)(3, 4), getattr(nn, f"{kind}Cell")(3, 4)
    cell.load_state_dict({k.replace("_l0", ""): v for k, v in layer.state_dict().items()})
    x = torch.randn(2, 5, 3)
    state = None
    for step in x:
        state = cell(step, state)
    output, _ = layer(x)
    assert close(output[-1], state[0] if kind == "LSTM" else state)


def test_recurrent_layers_check_their_input():
    layer = nn.GRU(3, 4)
    with pytest.raises(ValueError, match="GRU: Expected input to be 2D or 3D, got 1D instead"):
        layer(torch.randn(3))
    with pytest.raises(RuntimeError, match="Expected 3, got 5"):
        layer(torch.randn(2, 1, 5))
    with pytest.raises(RuntimeError, match=r"Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]"):
        layer(torch.randn(5, 2, 3), torch.zeros(1, 3, 4))
    with pytest.raises(RuntimeError, match="hx should also be 3-D but got 2-D tensor"):
        layer(torch.randn(5, 2, 3), torch.zeros(1, 4))
    with pytest.raises(ValueError, match="does not match weight dtype"):
        layer(torch.randn(5, 2, 3, dtype=torch.float64))
    with pytest.warns(UserWarning, match="expects num_layers greater than 1"):
        nn.LSTM(3, 4, dropout=0.5)


def test_recurrent_layers_can_be_copied_and_flattened():
    layer = copy.deepcopy(nn.LSTM(3, 4, proj_size=2))
    layer.flatten_parameters()
    assert [len(names) for names in layer.all_weights] == [5]
    output, (h, c) = layer(torch.randn(5, 2, 3))
    assert output.shape == (5, 2, 2) and h.shape == (1, 2, 2) and c.shape == (1, 2, 4)


def test_attention_masks():
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(3, 5, 8)
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    output, weights = layer(x, x, x, attn_mask=causal)
    assert output.shape == (3, 5, 8) and weights.shape == (3, 5, 5)
    assert weights[:, 0, 1:].abs().max().item() == 0
    fast, none = layer(x, x, x, attn_mask=causal, is_causal=True, need_weights=False)
    assert none is None and close(fast, output)
    padding = torch.zeros(3, 5, dtype=torch.bool)
    padding[1, 3:] = True
    _, weights = layer(x, x, x, key_padding_mask=padding)
    assert weights[1, :, 3:].abs().max().item() == 0
    with pytest.raises(RuntimeError, match="shape of the 2D attn_mask"):
        layer(x, x, x, attn_mask=causal[:3])
    with pytest.raises(RuntimeError, match="Need attn_mask"):
        layer(x, x, x, is_causal=True)


def test_transformer_is_causal_by_its_mask():
    model = nn.Transformer(8, 2, 1, 1, 16, dropout=0.0, batch_first=True)
    source, target = torch.randn(2, 4, 8), torch.randn(2, 5, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    full = model(source, target, tgt_mask=mask)
    part = model(source, target[:, :3], tgt_mask=mask[:3, :3])
    assert close(full[:, :3], part, 1e-4)
    with pytest.raises(RuntimeError, match="must be equal to d_model"):
        model(source, torch.randn(2, 5, 6))


def test_encoder_layers_are_copies():
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu")
    stack = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8))
    assert torch.equal(stack.layers[0].linear1.weight, stack.layers[1].linear1.weight)
    assert stack.layers[0].linear1.weight is not stack.layers[1].linear1.weight
    assert stack(torch.randn(4, 2, 8)).shape == (4, 2, 8)
    with pytest.raises(RuntimeError, match="activation should be relu/gelu, not sin"):
        nn.TransformerEncoderLayer(8, 2, activation="sin")
