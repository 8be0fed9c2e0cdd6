// Every row of the op cases under vmap: values and gradients equal those of a loop over samples,
// whichever of the inputs differ between samples.
#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/vmap/vmap.h"

namespace rush::testing {
namespace {

using List = std::vector<Tensor>;
using Function = std::function<List(const List&)>;
constexpr int64_t kSamples = 3;

// Sample number b of an input: the same elements in another order.
Tensor sample_of(const Tensor& x, int64_t b) {
  return x.numel() < 2 ? x : roll(x.flatten(), {b}).reshape(x.shape());
}

List results_of(const OpCase& row, const List& in) {
  Tensors inputs;
  for (const Tensor& t : in) inputs.push_back(t);
  List all;
  for (const Tensor& y : row.run(inputs))
    if (y.defined()) all.push_back(y);
  return all;
}

bool takes_gradients(const OpCase& row) {
  const Op& op = record_of(row);
  return row.gradient && has_gradient(op) && is_floating(widest_claimed(op));
}

// The results, and the gradient of their sums by each differentiable input.
List with_gradients(const OpCase& row, const List& given) {
  List in, xs;
  for (size_t i = 0; i < given.size(); ++i) {
    in.push_back(given[i]);
    if (!given[i].defined() || !is_differentiable_kind(row.in[i].kind)) continue;
    if (in[i].has_data()) in[i] = Tensor(in[i].detach()).requires_grad_();
    xs.push_back(in[i]);
  }
  List all = results_of(row, in), ys, dys;
  for (const Tensor& y : all) {
    if (!is_floating(y.dtype()) || (y.has_data() && !y.requires_grad())) continue;
    ys.push_back(y);
    dys.push_back(ones_like(y));
  }
  if (!xs.empty() && !ys.empty())
    for (const Tensor& dx : grad(ys, xs, dys, {.allow_unused = true}))
      all.push_back(dx.defined() ? dx : zeros({1}));
  for (Tensor& t : all) t = t.detach();
  return all;
}

void compare(const OpCase& row, const Function& fn, const List& inputs,
             const std::vector<bool>& is_mapped, DType t) {
  List arguments;
  VmapOptions options;
  std::vector<List> samples(kSamples);
  for (size_t i = 0; i < inputs.size(); ++i) {
    options.in_dims.push_back(is_mapped[i] ? std::optional<int64_t>(0) : std::nullopt);
    List of_input;
    for (int64_t b = 0; b < kSamples; ++b) {
      of_input.push_back(is_mapped[i] ? sample_of(inputs[i], b) : inputs[i]);
      samples[b].push_back(of_input.back());
    }
    arguments.push_back(is_mapped[i] ? stack(of_input) : inputs[i]);
  }
  Tensors want, got;
  std::vector<List> by_sample;
  for (const List& sample : samples) by_sample.push_back(fn(sample));
  for (size_t k = 0; k < by_sample[0].size(); ++k) {
    List of_result;
    for (const List& results : by_sample) of_result.push_back(results[k]);
    want.push_back(stack(of_result));
  }
  for (const Tensor& y : vmap_call(fn, arguments, options)) got.push_back(y);
  for (size_t k = 0; k < want.size() && k < got.size(); ++k)
    EXPECT_EQ(got[k].dtype(), want[k].dtype()) << "result " << k;
  EXPECT_EQ(difference(got, want, row.tolerance * bound_of(t)), "");
}

void check_row(const OpCase& row) {
  const DType t = widest_claimed(record_of(row));
  List inputs;
  std::vector<bool> all;
  for (const Tensor& x : make_inputs(row, t)) {
    inputs.push_back(x);
    all.push_back(x.defined());
  }
  const Function fn = [&](const List& in) {
    return takes_gradients(row) ? with_gradients(row, in) : results_of(row, in);
  };
  const auto count = std::count(all.begin(), all.end(), true);
  if (count == 0) return;
  compare(row, fn, inputs, all, t);
  for (size_t i = 0; count > 1 && i < all.size(); ++i) {
    if (!all[i]) continue;
    std::vector<bool> one(all.size(), false);
    one[i] = true;
    SCOPED_TRACE("only input " + std::to_string(i) + " is mapped");
    compare(row, fn, inputs, one, t);
  }
}

TEST(VmapRows, EqualLoops) {
  for (const OpCase& row : all_cases().cases()) {
    const Op& op = record_of(row);
    if (!row.deferred || op.writes_in_place() || op.is_random || !can_run(row)) continue;
    // What dropout does with its key depends on the randomness asked for.
    if (op.name == "dropout" || row.label.find("dropout") != std::string::npos) continue;
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
