#include "rush/optim/muon.h"

#include <algorithm>
#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {

constexpr const char* kSlots[] = {"momentum_buffer"};
constexpr int64_t kMostSteps = 99;

void require_matrices(const std::vector<Tensor>& params) {
  for (const Tensor& p : params)
    if (p.defined() && p.rank() != 2)
      fail<ShapeError>("Muon: parameters are matrices; what came: ", p.shape(),
                       "; give it to another optimiser");
}

// The Newton-Schulz iteration on the wide one of d and d^T.
Tensor orthogonalized(const Tensor& direction, const MuonOptions& o) {
  const auto [a, b, c] = o.ns_coefficients;
  const bool is_tall = direction.size(0) > direction.size(1);
  Tensor d = cast(direction, o.ns_dtype);
  if (is_tall) d = t(d);
  d = d / clamp(norm(d), o.eps);
  for (int64_t i = 0; i < o.ns_steps; ++i) {
    const Tensor s = matmul(d, t(d));
    d = d * a + matmul(s * b + matmul(s, s) * c, d);
  }
  return cast(is_tall ? t(d) : d, direction.dtype());
}

double rate_for(const MuonOptions& o, const Shape& shape) {
  const double out = static_cast<double>(shape[0]), in = static_cast<double>(shape[1]);
  if (o.adjust_lr == MuonRate::kMatchRmsAdamW) return o.lr * 0.2 * std::sqrt(std::max(out, in));
  return o.lr * std::sqrt(std::max(1.0, out / in));
}

}  // namespace

Muon::Muon(std::vector<Tensor> params, const MuonOptions& options) : OptimizerOf("Muon") {
  add_param_group(std::move(params), options);
}

void Muon::add_param_group(std::vector<Tensor> params, const MuonOptions& options) {
  require_matrices(params);
  OptimizerOf::add_param_group(std::move(params), options);
}

void Muon::check(const MuonOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "momentum", o.momentum);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
  if (o.ns_steps < 0 || o.ns_steps > kMostSteps)
    fail("Muon: ns_steps is in [0, ", kMostSteps, "]; what came: ", o.ns_steps);
  if (!is_floating(o.ns_dtype))
    fail<TypeError>("Muon: ns_dtype is floating; what came: ", o.ns_dtype);
}

std::span<const char* const> Muon::slot_names() const { return kSlots; }

void Muon::step_group(size_t group, std::span<Item> items) {
  const auto* const self = this;
  for (Item& item : items) {
    const Shape shape = item.param.shape();
    const auto scalars = numbers({&item, 1}, [self, group, shape](int64_t) {
      const MuonOptions& o = self->options_[group];
      return std::vector<double>{1 - o.lr * o.weight_decay, rate_for(o, shape), o.momentum};
    });
    const Tensor &shrink = scalars[0], &rate = scalars[1], &momentum = scalars[2];
    start_slot(item, 0, 0);
    const Tensor& buffer = item.slots.values[0];
    buffer.copy_(lerp(buffer, item.grad, 1 - momentum));
    const MuonOptions& o = options_[group];
    const Tensor direction = o.nesterov ? lerp(item.grad, buffer, momentum) : buffer;
    item.param.copy_(item.param * shrink - orthogonalized(direction, o) * rate);
  }
}

}  // namespace rush::optim
