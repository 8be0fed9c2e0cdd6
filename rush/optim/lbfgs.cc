#include "rush/optim/lbfgs.h"

#include <algorithm>
#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/checks.h"
#include "rush/optim/line_search.h"

namespace rush::optim {
namespace {

double product_of(const Tensor& a, const Tensor& b) { return dot(a, b).item(); }
double largest(const Tensor& x) { return amax(abs(x)).item(); }
Tensor number(double value) { return Tensor::scalar(value, float64); }

const Tensor* find(const State& state, const std::string& name) {
  for (const auto& [key, t] : state)
    if (key == name) return &t;
  return nullptr;
}

}  // namespace

LBFGS::LBFGS(std::vector<Tensor> params, const LBFGSOptions& options) : OptimizerOf("LBFGS") {
  OptimizerOf::add_param_group(std::move(params), options);
}

void LBFGS::add_param_group(std::vector<Tensor>, const LBFGSOptions&) {
  fail("LBFGS: all parameters are in one group; give them to the constructor");
}

void LBFGS::check(const LBFGSOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  if (o.max_iter < 1) fail("LBFGS: max_iter is at least 1; what came: ", o.max_iter);
  if (o.history_size < 1) fail("LBFGS: history_size is at least 1; what came: ", o.history_size);
}

void LBFGS::step_group(size_t, std::span<Item>) {
  fail("LBFGS: a step evaluates the loss several times; use step(closure)");
}

std::unique_ptr<Optimizer> LBFGS::replica(std::vector<std::vector<Tensor>>) const {
  fail(
      "LBFGS: how often it evaluates the loss depends on values, which a graph cannot follow; use ",
      "step(closure) on an ordinary function");
}

Tensor LBFGS::flat_gradient() const {
  std::vector<Tensor> parts;
  for (const Tensor& p : params()) {
    const Tensor g = p.grad();
    parts.push_back(flatten(g.defined() ? g.detach() : zeros_like(p.detach())));
  }
  return cat(parts);
}

LBFGS::Point LBFGS::evaluate(const std::function<Tensor()>& closure) {
  const Tensor loss = closure();
  ++evaluations_;
  if (!loss.defined() || loss.numel() != 1)
    fail<ShapeError>("LBFGS: the closure returns the loss, one number; what came: ",
                     loss.defined() ? to_text(loss.shape()) : std::string("an undefined tensor"));
  const NoGrad off;
  return {loss.item(), flat_gradient()};
}

void LBFGS::move(double step, const Tensor& direction) {
  const NoGrad off;
  int64_t offset = 0;
  for (const Tensor& p : params()) {
    p.detach().add_(reshape(narrow(direction, 0, offset, p.numel()), p.shape()) * step);
    offset += p.numel();
  }
}

// Takes in how the gradient changed over the last move, if it turned the right way.
void LBFGS::remember(const Tensor& gradient) {
  const Tensor change = gradient - last_gradient_, move = direction_ * length_;
  const double product = product_of(change, move);
  constexpr double kLeast = 1e-10;
  if (!(product > kLeast)) return;
  if (static_cast<int64_t>(moves_.size()) == options_[0].history_size) {
    gradient_changes_.erase(gradient_changes_.begin());
    moves_.erase(moves_.begin());
    weights_.erase(weights_.begin());
  }
  gradient_changes_.push_back(change);
  moves_.push_back(move);
  weights_.push_back(1 / product);
  scale_ = product / product_of(change, change);
}

// The approximate inverse Hessian times the gradient, downward.
Tensor LBFGS::direction(const Tensor& gradient) const {
  std::vector<double> factors(moves_.size());
  Tensor d = neg(gradient);
  for (size_t i = moves_.size(); i-- > 0;) {
    factors[i] = product_of(moves_[i], d) * weights_[i];
    d = d - gradient_changes_[i] * factors[i];
  }
  d = d * scale_;
  for (size_t i = 0; i < moves_.size(); ++i) {
    const double back = product_of(gradient_changes_[i], d) * weights_[i];
    d = d + moves_[i] * (factors[i] - back);
  }
  return d;
}

// Follows the direction as far as the line search says, which becomes the length.
LBFGS::Point LBFGS::search(const std::function<Tensor()>& closure, const Point& from, double slope,
                           int64_t most) {
  std::vector<Tensor> start;
  for (const Tensor& p : params()) start.push_back(p.detach().clone());
  const auto at = [&](double step) -> LinePoint {
    move(step, direction_);
    const Point here = evaluate(closure);
    const NoGrad off;
    for (size_t i = 0; i < start.size(); ++i) params()[i].detach().copy_(start[i]);
    return {step, here.loss, product_of(here.gradient, direction_), here.gradient};
  };
  const LinePoint best =
      strong_wolfe(at, {0, from.loss, slope, from.gradient}, length_,
                   {.smallest = 1e-9, .largest_direction = largest(direction_), .most = most});
  length_ = best.at;
  move(length_, direction_);
  return {best.loss, best.gradient};
}

Tensor LBFGS::step(const std::function<Tensor()>& closure) {
  if (t_observer)
    t_observer->refuse("LBFGS::step", "it evaluates the loss as often as the values ask for");
  const LBFGSOptions& o = options_[0];
  const int64_t most = o.max_eval.value_or(o.max_iter * 5 / 4), before = evaluations_;
  Tensor first;
  Point now = evaluate([&] { return first = closure(); });
  if (largest(now.gradient) <= o.tolerance_grad) return first;
  const NoGrad off;
  const std::function<Tensor()> recording = [&] {
    const EnableGrad on;
    return closure();
  };
  for (int64_t i = 1; i <= o.max_iter; ++i) {
    ++iterations_;
    if (iterations_ > 1) remember(now.gradient);
    direction_ = direction(now.gradient);
    length_ = o.lr;
    if (iterations_ == 1) length_ *= std::min(1.0, 1 / sum(abs(now.gradient)).item());
    last_gradient_ = now.gradient;
    const double loss_before = now.loss, slope = product_of(now.gradient, direction_);
    if (slope > -o.tolerance_change) break;
    if (o.line_search == LineSearch::kStrongWolfe) {
      now = search(recording, now, slope, most - (evaluations_ - before));
    } else {
      move(length_, direction_);
      if (i < o.max_iter) now = evaluate(recording);
    }
    if (evaluations_ - before >= most || largest(now.gradient) <= o.tolerance_grad) break;
    if (largest(direction_) * std::abs(length_) <= o.tolerance_change) break;
    if (i < o.max_iter && std::abs(now.loss - loss_before) < o.tolerance_change) break;
  }
  return first;
}

State LBFGS::state() const {
  State all = {{"n_iter", number(static_cast<double>(iterations_))},
               {"func_evals", number(static_cast<double>(evaluations_))},
               {"t", number(length_)},
               {"H_diag", number(scale_)},
               {"groups.0.lr", number(lr())}};
  if (direction_.defined()) {
    all.emplace_back("d", direction_);
    all.emplace_back("prev_flat_grad", last_gradient_);
  }
  for (size_t i = 0; i < moves_.size(); ++i) {
    all.emplace_back("old_dirs." + std::to_string(i), gradient_changes_[i]);
    all.emplace_back("old_stps." + std::to_string(i), moves_[i]);
  }
  return all;
}

void LBFGS::load(const State& state) {
  int64_t count = 0;
  for (const Tensor& p : params()) count += p.numel();
  const auto scalar = [&](const char* key) {
    const Tensor* t = find(state, key);
    if (!t || t->numel() != 1) fail<ShapeError>("LBFGS: the state has no number '", key, "'");
    return t->item();
  };
  const auto vector = [&](const std::string& key) -> Tensor {
    const Tensor* t = find(state, key);
    if (!t) return {};
    if (!(t->shape() == Shape{count}))
      fail<ShapeError>("LBFGS: the state does not fit: ", key, " is ", t->shape(), " where [",
                       count, "] is needed");
    return t->detach().to(params()[0].dtype()).clone();
  };
  const double iterations = scalar("n_iter"), evaluations = scalar("func_evals");
  const double length = scalar("t"), scale = scalar("H_diag"), rate = scalar("groups.0.lr");
  const Tensor direction = vector("d"), gradient = vector("prev_flat_grad");
  std::vector<Tensor> changes, moves;
  std::vector<double> weights;
  for (size_t i = 0; find(state, "old_dirs." + std::to_string(i)); ++i) {
    changes.push_back(vector("old_dirs." + std::to_string(i)));
    moves.push_back(vector("old_stps." + std::to_string(i)));
    if (!moves.back().defined()) fail<ShapeError>("LBFGS: the state has no 'old_stps.", i, "'");
    weights.push_back(1 / product_of(changes.back(), moves.back()));
  }
  iterations_ = static_cast<int64_t>(iterations);
  evaluations_ = static_cast<int64_t>(evaluations);
  length_ = length;
  scale_ = scale;
  direction_ = direction;
  last_gradient_ = gradient;
  gradient_changes_ = std::move(changes);
  moves_ = std::move(moves);
  weights_ = std::move(weights);
  set_lr(rate);
}

}  // namespace rush::optim
