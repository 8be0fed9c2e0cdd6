#include "rush/nn/sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "rush/base/error.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/softmax.h"

namespace rush::nn {
namespace {

void check(const Tensor& scores, const SampleOptions& o) {
  const char* op = "sample_tokens";
  if (!scores.has_data()) fail(op, ": scores must have data");
  if (!is_floating(scores.dtype()))
    fail<TypeError>(op, ": wants floating scores; got ", scores.dtype());
  if (scores.rank() < 1 || scores.size(-1) == 0)
    fail<ShapeError>(op, ": scores must be [..., V] with at least one token; got ", scores.shape());
  if (!(o.temperature >= 0) || std::isinf(o.temperature))
    fail(op, ": temperature must be a number from 0 on; got ", o.temperature);
  if (o.top_k && *o.top_k < 1) fail(op, ": top_k must be at least 1; got ", *o.top_k);
  if (o.top_p && !(*o.top_p > 0 && *o.top_p <= 1))
    fail(op, ": top_p must be in (0, 1]; got ", *o.top_p);
}

// One of the tokens, where `u` in [0, 1) falls among the probabilities of those let through.
int64_t draw(const double* p, int64_t n, double u, const SampleOptions& o) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return p[a] > p[b]; });
  int64_t count = std::min(n, o.top_k.value_or(n));
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    total += p[order[i]];
    if (o.top_p && total >= *o.top_p) count = i + 1;
  }
  double left = u * total;
  for (int64_t i = 0; i < count; ++i) {
    left -= p[order[i]];
    if (left < 0) return order[i];
  }
  return order[0];
}

}  // namespace

Tensor sample_tokens(const Tensor& scores, const SampleOptions& o) {
  check(scores, o);
  const NoGrad no_grad;
  const int64_t n = scores.size(-1);
  Shape shape = scores.shape();
  shape.pop_back();
  const Tensor wide = cast(scores.detach(), DType::kFloat64);
  const bool is_greedy = o.temperature == 0;
  const Tensor p = softmax(is_greedy ? wide : wide / o.temperature, -1).contiguous();
  const Tensor ids = Tensor::empty(shape, DType::kInt64), u = rand(shape, DType::kFloat64);
  SampleOptions options = o;
  if (is_greedy) options.top_k = 1;
  for (int64_t i = 0; i < ids.numel(); ++i)
    ids.data<int64_t>()[i] = draw(p.data<double>() + i * n, n, u.data<double>()[i], options);
  return ids;
}

}  // namespace rush::nn
