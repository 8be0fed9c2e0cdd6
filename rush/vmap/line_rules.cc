// Ops along axes: the axes of a sample are those of the batch, moved by one.
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/attrs/softmax.h"
#include "rush/kernels/attrs/sort.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/vmap/batch.h"

namespace rush::vmaps {
namespace {

// Samples without axes get one, which the op may work along.
std::vector<Tensor> with_an_axis(const BatchCall& call) {
  std::vector<Tensor> in = call.whole_inputs();
  for (size_t i = 0; i < in.size(); ++i)
    if (in[i].defined() && call.rank(i) == 0) in[i] = unsqueeze(in[i], 1);
  return in;
}

template <typename A>
Batched along_axes(const BatchCall& call) {
  A a = call.attributes<A>();
  const int rank = call.rank(0);
  Dims axes;
  if (rank == 0 || a.axes.empty())
    for (int i = 0; i < std::max(rank, 1); ++i) axes.push_back(i + 1);
  else
    for (int64_t axis : a.axes) axes.push_back(normalize_axis("vmap", axis, rank) + 1);
  a.axes = axes;
  return shaped(call, call.run(with_an_axis(call), a));
}

template <typename A>
Batched along_axis(const BatchCall& call) {
  A a = call.attributes<A>();
  a.axis = call.rank(0) == 0 ? 1 : normalize_axis("vmap", a.axis, call.rank(0)) + 1;
  return shaped(call, call.run(with_an_axis(call), a));
}

Batched sum_to_shape(const BatchCall& call) {
  const Shape &x = call.in_specs[0].shape, to = call.attributes<SumToAttrs>().shape;
  const int lead = x.size() - to.size();
  Dims axes;
  for (int i = 0; i < x.size(); ++i)
    if (i < lead || to[i - lead] != x[i]) axes.push_back(i + 1);
  const Tensor whole = call.whole(0);
  return shaped(call, {axes.empty() ? whole : sum(whole, axes)});
}

// Norms count their axes from the right. Where samples have weights of their own, by the formula.
Batched norm_of_last_axes(const BatchCall& call) {
  if (!call.is_batched(0) || call.is_batched(1) || call.is_batched(2)) return {};
  std::vector<Tensor> in;
  for (const Value& v : call.in) in.push_back(v.tensor);
  return shaped(call, call.run(in, call.attrs));
}

}  // namespace

void add_line_rules(RuleTable& t) {
  for (const char* op : {"sum", "mean", "prod", "any", "all", "count_nonzero", "logsumexp",
                         "nanmean", "amax", "amin"})
    t[op] = along_axes<ReduceAttrs>;
  for (const char* op : {"var", "std"}) t[op] = along_axes<VarAttrs>;
  t["norm"] = along_axes<NormAttrs>;
  t["sum_to"] = sum_to_shape;
  for (const char* op : {"max", "min", "argmax", "argmin", "median"})
    t[op] = along_axis<ArgReduceAttrs>;
  for (const char* op : {"cumsum", "cumprod", "linear_scan", "logcumsumexp", "cummax", "cummin"})
    t[op] = along_axis<ScanAttrs>;
  for (const char* op : {"softmax", "log_softmax", "softmax_grad", "log_softmax_grad"})
    t[op] = along_axis<SoftmaxAttrs>;
  t["sort"] = along_axis<SortAttrs>;
  t["topk"] = along_axis<TopkAttrs>;
  for (const char* op : {"layer_norm", "rms_norm"}) t[op] = norm_of_last_axes;
}

}  // namespace rush::vmaps
