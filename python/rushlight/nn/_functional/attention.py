"""Multi-head attention as a function: what MultiheadAttention computes."""

from __future__ import annotations

import math

from rushlight import _C

Tensor = _C.Tensor
_nn, _torch = _C.nn, _C.torch


def _canonical_mask(
    mask, mask_name, other_type=None, other_name="", target_type=None, check_other=True
):
    """The mask as numbers that are added to scores: -infinity where it was True."""
    if mask is None or mask.is_floating_point():
        return mask
    if mask.dtype != _C.bool:
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    zeros = _torch.zeros(mask.shape, dtype=target_type, device=mask.device)
    return zeros.masked_fill_(mask, -math.inf)


def _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads) -> bool:
    """True if there is a batch axis; raises AssertionError where the axes do not fit together."""
    rank = query.dim()
    if rank not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {rank}-D query tensor"
        )
    case = f"For {'batched (3-D)' if rank == 3 else 'unbatched (2-D)'} `query`, expected"
    if key.dim() != rank or value.dim() != rank:
        raise AssertionError(
            f"{case} `key` and `value` to be {rank}-D but found {key.dim()}-D and "
            f"{value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != rank - 1:
        raise AssertionError(
            f"{case} `key_padding_mask` to be `None` or {rank - 1}-D but found "
            f"{key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.dim() not in (2, 3):
        raise AssertionError(
            f"{case} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor "
            "instead"
        )
    batch = query.shape[1] if rank == 3 else 1
    if attn_mask is not None:
        wanted = (query.shape[0], key.shape[0])
        if attn_mask.dim() == 3:
            wanted = (batch * num_heads, *wanted)
        if tuple(attn_mask.shape) != wanted:
            raise RuntimeError(
                f"The shape of the {len(wanted)}D attn_mask is {attn_mask.shape}, but should be "
                f"{wanted}."
            )
    return rank == 3


def _project_packed(query, key, value, weight, bias):
    """Query, key and value times their thirds of one weight, in as few products as there can be."""
    if query is key and key is value:
        return _torch.chunk(_nn.linear(query, weight, bias), 3, -1)
    size = query.shape[-1]
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    if key is not value:
        return [
            _nn.linear(x, w, b)
            for x, w, b in zip((query, key, value), weight.chunk(3), biases, strict=True)
        ]
    rest = None if bias is None else bias[size:]
    keys, values = _torch.chunk(_nn.linear(key, weight[size:], rest), 2, -1)
    return _nn.linear(query, weight[:size], biases[0]), keys, values


def _by_head(x, num_heads):
    """[L, N, heads * size] -> [N, heads, L, size]"""
    length, batch, width = x.shape
    return x.reshape(length, batch, num_heads, width // num_heads).permute(1, 2, 0, 3)


def _joined_mask(attn_mask, key_padding_mask, batch, num_heads, further_keys):
    """Both masks as one that broadcasts to [N, heads, L, S]; keys that were added are seen."""
    if attn_mask is not None:
        if attn_mask.dim() == 3:
            attn_mask = attn_mask.reshape(batch, num_heads, *attn_mask.shape[1:])
        else:
            attn_mask = attn_mask.reshape(1, 1, *attn_mask.shape)
    if key_padding_mask is not None:
        padding = key_padding_mask.reshape(batch, 1, 1, key_padding_mask.shape[1])
        attn_mask = padding if attn_mask is None else attn_mask + padding
    if attn_mask is not None and further_keys:
        attn_mask = _nn.pad(attn_mask, (0, further_keys))
    return attn_mask


def _with_weights(q, k, v, mask, dropout_p):
    """Attention as a formula, for those who want to see the weights: [N, heads, L, S]."""
    scores = _torch.matmul(q * math.sqrt(1.0 / q.shape[-1]), k.transpose(-2, -1))
    weights = _torch.softmax(scores if mask is None else scores + mask, -1)
    if dropout_p > 0.0:
        weights = _nn.dropout(weights, dropout_p)
    return _torch.matmul(weights, v), weights


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads, each with its projections. Inputs: [L, N, E] or [L, E].

    Masks are True where a query may not look, or numbers that are added to the scores. Returns
    the output and, with need_weights, the weights [N, L, S].
    """
    has_batch = _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if query.shape[-1] != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {query.shape[-1]}"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if not has_batch:
        # one object stays one: the projections look at that
        batched = {id(x): x.unsqueeze(1) for x in (query, key, value)}
        query, key, value = (batched[id(x)] for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    if use_separate_proj_weight:
        weights = q_proj_weight, k_proj_weight, v_proj_weight
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        inputs = zip((query, key, value), weights, biases, strict=True)
        q, k, v = (_nn.linear(x, w, b) for x, w, b in inputs)
    else:
        q, k, v = _project_packed(query, key, value, in_proj_weight, in_proj_bias)
    if bias_k is not None:
        k = _torch.cat([k, bias_k.repeat(1, batch, 1)])
        v = _torch.cat([v, bias_v.repeat(1, batch, 1)])
    q, k, v = (_by_head(x, num_heads) for x in (q, k, v))
    if static_k is not None:
        k = static_k.reshape(batch, num_heads, *static_k.shape[1:])
    if static_v is not None:
        v = static_v.reshape(batch, num_heads, *static_v.shape[1:])
    if add_zero_attn:
        k, v = (_nn.pad(x, (0, 0, 0, 1)) for x in (k, v))
    further_keys = (bias_k is not None) + add_zero_attn
    # The causal kernel is for the plain case: nothing else masked, and no weights wanted.
    use_causal = is_causal and key_padding_mask is None and not need_weights and not further_keys
    mask = None
    if not use_causal:
        attn_mask = _canonical_mask(attn_mask, "attn_mask", target_type=query.dtype)
        padding = _canonical_mask(key_padding_mask, "key_padding_mask", target_type=query.dtype)
        mask = _joined_mask(attn_mask, padding, batch, num_heads, further_keys)
    dropout_p = dropout_p if training else 0.0
    if need_weights:
        heads, weights = _with_weights(q, k, v, mask, dropout_p)
        weights = weights.mean(dim=1) if average_attn_weights else weights
        weights = weights if has_batch else weights.squeeze(0)
    else:
        heads = _nn.scaled_dot_product_attention(q, k, v, mask, dropout_p, use_causal)
        weights = None
    joined = heads.permute(2, 0, 1, 3).reshape(length, batch, width)
    output = _nn.linear(joined, out_proj_weight, out_proj_bias)
    return (output if has_batch else output.squeeze(1)), weights
