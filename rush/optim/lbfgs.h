// L-BFGS: a quasi-Newton method for full batches. It evaluates the loss several times a step.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

enum class LineSearch { kNone, kStrongWolfe };

struct LBFGSOptions {
  double lr = 1;
  int64_t max_iter = 20;              // a step
  std::optional<int64_t> max_eval{};  // of the loss, a step; none: max_iter * 5 / 4
  double tolerance_grad = 1e-7, tolerance_change = 1e-9;
  int64_t history_size = 100;
  LineSearch line_search = LineSearch::kNone;
};

//   opt.step([&] { opt.zero_grad(); Tensor loss = f(); loss.backward(); return loss; });
// One group only. It runs neither in graphs nor in compiled functions: how often it evaluates the
// loss depends on the values.
class LBFGS final : public OptimizerOf<LBFGS, LBFGSOptions> {
 public:
  explicit LBFGS(std::vector<Tensor> params, const LBFGSOptions& options = {});
  void add_param_group(std::vector<Tensor> params, const LBFGSOptions& options);
  using Optimizer::step;
  Tensor step(const std::function<Tensor()>& closure) override;
  // "n_iter", "d", "old_stps.0", ... and "groups.0.lr".
  State state() const override;
  void load(const State& state) override;
  std::unique_ptr<Optimizer> replica(std::vector<std::vector<Tensor>> params) const override;
  int64_t evaluations() const { return evaluations_; }  // of the loss, so far

 protected:
  void check(const LBFGSOptions& options) const override;
  std::span<const char* const> slot_names() const override { return {}; }
  void step_group(size_t group, std::span<Item> items) override;

 private:
  struct Point {
    double loss;
    Tensor gradient;  // of all parameters, one after another
  };
  Point evaluate(const std::function<Tensor()>& closure);
  Tensor flat_gradient() const;
  void move(double step, const Tensor& direction);
  void remember(const Tensor& gradient);
  Tensor direction(const Tensor& gradient) const;
  Point search(const std::function<Tensor()>& closure, const Point& from, double slope,
               int64_t most);

  // What is kept between steps: the last direction and how far it was followed, the gradient before
  // it, and the differences of gradients and parameters.
  Tensor direction_, last_gradient_;
  double length_ = 0, scale_ = 1;
  std::vector<Tensor> gradient_changes_, moves_;
  std::vector<double> weights_;  // 1 / (gradient change . move)
  int64_t iterations_ = 0, evaluations_ = 0;
};

}  // namespace rush::optim
