#include "rush/nn/metrics.h"

#include <cmath>
#include <numeric>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/sort.h"

namespace rush::nn {
namespace {

void check_target(const char* what, const Tensor& scores, const Tensor& target) {
  if (target.rank() != 1 || target.dtype() != DType::kInt64)
    fail<ShapeError>(what, ": targets are class ids int64 [N]; what came: ", target.dtype(),
                     target.shape());
  if (scores.rank() < 1 || scores.size(0) != target.size(0))
    fail<ShapeError>(what, ": one row for each of ", target.size(0),
                     " targets; what came: ", scores.shape());
}

// Class ids int64 [N] of scores, or as they are.
Tensor predicted(const char* what, const Tensor& scores) {
  if (scores.rank() == 1 && scores.dtype() == DType::kInt64) return scores;
  if (scores.rank() != 2 || !is_floating(scores.dtype()))
    fail<ShapeError>(what, ": scores [N, C] or class ids int64 [N] are needed; what came: ",
                     scores.dtype(), scores.shape());
  return argmax(scores.detach(), 1);
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

double accuracy(const Tensor& scores, const Tensor& target, int64_t k) {
  const NoGrad off;
  check_target("accuracy", scores, target);
  if (target.numel() == 0) fail<ShapeError>("accuracy: there are no targets");
  const Tensor ids = k == 1 ? predicted("accuracy", scores) : Tensor();
  if (k == 1) return mean(cast(eq(ids, target), float64)).item();
  if (scores.rank() != 2 || k < 1 || k > scores.size(1))
    fail<ShapeError>("accuracy: k is in [1, C] for scores [N, C]; what came: ", k, " and ",
                     scores.shape());
  const Tensor best = topk(scores.detach(), k, 1).indices;
  return mean(cast(any(eq(best, unsqueeze(target, 1)), {1}), float64)).item();
}

void RunningMean::add(double value, double weight) {
  if (!(weight >= 0)) fail("RunningMean: weights are at least 0; what came: ", weight);
  if (weight == 0) return;
  weight_ += weight;
  mean_ += (value - mean_) * (weight / weight_);
}

double RunningMean::value() const { return weight_ > 0 ? mean_ : std::nan(""); }

ConfusionMatrix::ConfusionMatrix(int64_t classes) : classes_(classes) {
  if (classes < 1) fail("ConfusionMatrix: at least 1 class is needed; what came: ", classes);
  reset();
}

void ConfusionMatrix::reset() { counts_.assign(static_cast<size_t>(classes_ * classes_), 0); }

void ConfusionMatrix::add(const Tensor& scores_or_ids, const Tensor& target) {
  const NoGrad off;
  check_target("ConfusionMatrix", scores_or_ids, target);
  const auto ids = predicted("ConfusionMatrix", scores_or_ids).to_vector<int64_t>();
  const auto wanted = target.to_vector<int64_t>();
  for (size_t i = 0; i < ids.size(); ++i)
    for (const int64_t id : {ids[i], wanted[i]})
      if (id < 0 || id >= classes_)
        fail<IndexError>("ConfusionMatrix: class ids are below ", classes_, "; what came: ", id,
                         " in row ", i);
  for (size_t i = 0; i < ids.size(); ++i)
    ++counts_[static_cast<size_t>(wanted[i] * classes_ + ids[i])];
}

int64_t ConfusionMatrix::count(int64_t target, int64_t predicted) const {
  if (target < 0 || target >= classes_ || predicted < 0 || predicted >= classes_)
    fail<IndexError>("ConfusionMatrix: class ids are below ", classes_, "; what came: ", target,
                     " and ", predicted);
  return counts_[static_cast<size_t>(target * classes_ + predicted)];
}

int64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
}

Tensor ConfusionMatrix::matrix() const { return Tensor::from(counts_, {classes_, classes_}); }

int64_t ConfusionMatrix::targets(int64_t of_class) const {
  int64_t sum = 0;
  for (int64_t i = 0; i < classes_; ++i) sum += count(of_class, i);
  return sum;
}

int64_t ConfusionMatrix::predictions(int64_t of_class) const {
  int64_t sum = 0;
  for (int64_t i = 0; i < classes_; ++i) sum += count(i, of_class);
  return sum;
}

double ConfusionMatrix::accuracy() const {
  double right = 0;
  for (int64_t i = 0; i < classes_; ++i) right += static_cast<double>(count(i, i));
  return ratio(right, static_cast<double>(total()));
}

double ConfusionMatrix::precision(int64_t of_class) const {
  return ratio(static_cast<double>(count(of_class, of_class)),
               static_cast<double>(predictions(of_class)));
}

double ConfusionMatrix::recall(int64_t of_class) const {
  return ratio(static_cast<double>(count(of_class, of_class)),
               static_cast<double>(targets(of_class)));
}

double ConfusionMatrix::f1(int64_t of_class) const {
  const double both = static_cast<double>(targets(of_class) + predictions(of_class));
  return ratio(2 * static_cast<double>(count(of_class, of_class)), both);
}

double ConfusionMatrix::averaged(Averaging averaging,
                                 double (ConfusionMatrix::*of)(int64_t) const) const {
  if (averaging == Averaging::kMicro) return accuracy();  // each miss is both kinds of error
  double sum = 0, weights = 0;
  for (int64_t i = 0; i < classes_; ++i) {
    const bool occurs = targets(i) + predictions(i) > 0;
    const double weight =
        averaging == Averaging::kWeighted ? static_cast<double>(targets(i)) : occurs;
    sum += weight * (this->*of)(i);
    weights += weight;
  }
  return ratio(sum, weights);
}

double ConfusionMatrix::precision(Averaging averaging) const {
  return averaged(averaging, &ConfusionMatrix::precision);
}
double ConfusionMatrix::recall(Averaging averaging) const {
  return averaged(averaging, &ConfusionMatrix::recall);
}
double ConfusionMatrix::f1(Averaging averaging) const {
  return averaged(averaging, &ConfusionMatrix::f1);
}

}  // namespace rush::nn
