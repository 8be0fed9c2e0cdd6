// Every row of the op cases as a graph: values, first and second gradients equal eager ones to the
// bit, interpreted and from a plan.
#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/graph/session.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/compare.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/create.h"

namespace rush::testing {
namespace {

bool takes_gradients(const OpCase& row) {
  const Op& op = record_of(row);
  return row.gradient && has_gradient(op) && !op.is_random && is_floating(widest_claimed(op));
}

// The floating outputs of a row on inputs, their gradients by `xs`, and the gradients of those.
// `gradient_of(ys, xs)` is asked for them.
template <typename GradientOf>
std::vector<Tensor> with_gradients(const OpCase& row, const Tensors& inputs,
                                   const std::vector<Tensor>& xs, GradientOf&& gradient_of) {
  std::vector<Tensor> all, ys;
  for (const Tensor& y : row.run(inputs)) {
    if (!y.defined()) continue;
    all.push_back(y);
    if (is_floating(y.dtype())) ys.push_back(y);
  }
  if (xs.empty() || ys.empty() || !takes_gradients(row)) return all;
  const std::vector<Tensor> first = gradient_of(ys, xs);
  all.insert(all.end(), first.begin(), first.end());
  if (!row.second) return all;
  std::vector<Tensor> again;
  for (const Tensor& dx : first) again.push_back(dx * dx);
  for (const Tensor& ddx : gradient_of(again, xs)) all.push_back(ddx);
  return all;
}

// Eager gradients, with zeros where nothing arrives.
std::vector<Tensor> eager_gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs) {
  std::vector<Tensor> with_history, dys, dxs(xs.size());
  for (const Tensor& y : ys) {
    if (!y.requires_grad()) continue;
    with_history.push_back(y);
    dys.push_back(ones_like(y));
  }
  if (!with_history.empty())
    dxs = grad(with_history, xs, dys, {.create_graph = true, .allow_unused = true});
  for (size_t i = 0; i < xs.size(); ++i)
    if (!dxs[i].defined()) dxs[i] = zeros_like(xs[i]);
  return dxs;
}

void check_row(const OpCase& row) {
  const Op& op = record_of(row);
  const DType t = widest_claimed(op);
  const Tensors inputs = make_inputs(row, t, takes_gradients(row));
  const Graph graph;
  const GraphScope scope(graph);
  Tensors symbolic;
  std::vector<Tensor> xs, wanted_xs;
  std::vector<Feed> feeds;
  for (const Tensor& x : inputs) {
    symbolic.push_back(Tensor());
    if (!x.defined()) continue;
    const std::vector<int64_t> sizes = x.shape().vec();
    symbolic.back() = placeholder(x.dtype(), std::vector<SizeSpec>(sizes.begin(), sizes.end()));
    feeds.push_back({symbolic.back(), x.detach().contiguous()});
    if (!x.requires_grad()) continue;
    xs.push_back(x);
    wanted_xs.push_back(symbolic.back());
  }
  const auto written = with_gradients(row, symbolic, wanted_xs, [](const auto& ys, const auto& by) {
    return gradients(ys, by, {}, {.allow_unused = true});
  });
  std::vector<Tensor> fetched;
  for (const Tensor& y : written)
    if (!y.has_data()) fetched.push_back(y);
  if (fetched.size() != written.size() || op.is_random) return;  // nothing symbolic came in
  Tensors want;
  for (const Tensor& y : with_gradients(row, inputs, xs, eager_gradients))
    want.push_back(y.detach());
  Session session(graph, {.exact = true});
  session.initialize();
  for (int run = 0; run < 3; ++run) {
    Tensors got;
    for (const Tensor& y : session.run(fetched, feeds)) got.push_back(y);
    // Their results lie in an order of their own, and products read what lies otherwise in another
    // order of sums.
    const bool exact = row.family != "linalg" && row.family != "attention";
    EXPECT_EQ(exact ? bit_difference(got, want) : difference(got, want, 1e-9), "") << "run " << run;
  }
}

TEST(GraphRows, EqualEagerToTheBit) {
  for (const OpCase& row : all_cases().cases()) {
    const Op& op = record_of(row);
    if (!row.deferred || op.writes_in_place() || !can_run(row)) continue;
    SCOPED_TRACE(row.op + " (" + row.label + ")");
    try {
      check_row(row);
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
}

}  // namespace
}  // namespace rush::testing
