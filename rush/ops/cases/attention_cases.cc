// Rows of attention; the record's body is the reference.
#include "rush/core/apply.h"
#include "rush/kernels/attrs/attention.h"
#include "rush/ops/attention.h"
#include "rush/ops/cases/op_case.h"

namespace rush::testing {
namespace {

struct AttentionRow {
  const char* label;
  Shape q, k, v;
  In mask;
  AttentionAttrs attrs;
  const char* torch;  // further arguments, or all of it
};

const In kNone{{}, 0, 1, In::kAbsent};

const AttentionRow kRows[] = {
    {"plain", {1, 2, 3, 4}, {1, 2, 5, 4}, {1, 2, 5, 3}, kNone, {}, ""},
    {"causal", {1, 9, 3}, {1, 9, 3}, {1, 9, 3}, kNone, {.is_causal = true}, ", is_causal=True"},
    {"causal, fewer keys",
     {1, 9, 3},
     {1, 4, 3},
     {1, 4, 3},
     kNone,
     {.is_causal = true},
     ", is_causal=True"},
    {"bool mask, scale",
     {2, 2, 3, 3},
     {2, 2, 4, 3},
     {2, 2, 4, 2},
     {{3, 4}, 0, 1, In::kBool},
     {.scale = 0.3},
     ", attn_mask=x3, scale=0.3"},
    {"added mask",
     {2, 2, 3, 3},
     {2, 2, 4, 3},
     {2, 2, 4, 3},
     {{2, 1, 4}, -2, 2},
     {},
     ", attn_mask=x3"},
    {"grouped heads",
     {1, 4, 3, 3},
     {1, 2, 4, 3},
     {1, 2, 4, 3},
     kNone,
     {.enable_gqa = true},
     "torch.softmax(x0 @ x1.repeat_interleave(2, 1).mT / math.sqrt(3), -1) @ "
     "x2.repeat_interleave(2, 1)"},
    {"one head of keys for all, two batch sizes",
     {2, 1, 2, 2, 3},
     {1, 2, 1, 3, 3},
     {2, 2, 2, 3, 2},
     kNone,
     {},
     ""},
    {"dropout, causal",
     {2, 9, 4},
     {2, 11, 4},
     {2, 11, 4},
     kNone,
     {.dropout_p = 0.25, .is_causal = true},
     nullptr},
    {"no heads", {5, 4}, {6, 4}, {6, 4}, kNone, {}, ""},
};

const int64_t kKey[] = {12345, 678};
Tensor key_of(const AttentionAttrs& a) {
  return a.dropout_p > 0 ? Tensor::copy_of(kKey, 2, {2}, int64) : Tensor();
}

Tensors forward(const Tensors& x, const AttentionAttrs& a) {
  return apply_multi(*find_op("scaled_dot_product_attention"), {x[0], x[1], x[2], x[3], key_of(a)},
                     a);
}

void add_rows(CaseList& list, const AttentionRow& r) {
  OpCase row;
  row.op = "scaled_dot_product_attention";
  row.label = r.label;
  row.in = {{r.q}, {r.k}, {r.v}, r.mask};
  row.tolerance = 4;
  row.run = [a = r.attrs](const Tensors& x) -> Tensors { return {forward(x, a)[0]}; };
  if (r.attrs.enable_gqa)  // PyTorch's has no second derivatives
    row.torch = r.torch;
  else if (r.torch)
    row.torch = concat({"F.scaled_dot_product_attention(x0, x1, x2", r.torch, ")"});
  else
    row.no_torch = "the mask of dropout is ours";
  list.add(row);

  Shape y = r.q;  // of the largest batch, which q has in all but one row
  if (r.q.size() == 5) y[1] = 2;
  y[y.size() - 1] = r.v.back();
  row.op = "scaled_dot_product_attention_grad";
  row.in.push_back({y});
  row.tolerance = 8;
  row.run = [a = r.attrs](const Tensors& x) -> Tensors {
    const Tensors y = forward(x, a);
    return apply_multi(*find_op("scaled_dot_product_attention_grad"),
                       {x[0], x[1], x[2], x[3], key_of(a), y[0], y[1], x[4]}, a);
  };
  row.torch.clear();
  row.no_torch = "the gradients of scaled_dot_product_attention are compared instead";
  list.add(row);
}

}  // namespace

void add_attention_cases(CaseList& list) {
  for (const AttentionRow& r : kRows) add_rows(list, r);
  OpCase row;
  row.op = "attention_key";
  row.in = {{{2, 3, 4}}, {{2, 5, 4}}};
  row.run = [](const Tensors& in) {
    return Tensors{apply(*find_op("attention_key"), {in[0], in[1]})};
  };
  row.no_torch = "draws numbers";
  list.add(std::move(row));
}

}  // namespace rush::testing
