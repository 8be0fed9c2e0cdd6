// How good predictions are. Scores: [N, C] floating, or class ids: int64 [N]; targets: int64 [N].
#pragma once

#include <cstdint>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::nn {

// The share of rows whose target is among the k highest scores (or equals the class id).
double accuracy(const Tensor& scores, const Tensor& target, int64_t k = 1);

// The mean of all numbers added, each as often as its weight says.
class RunningMean {
 public:
  void add(double value, double weight = 1);
  double value() const;  // NaN before the first
  double weight() const { return weight_; }
  void reset() { *this = {}; }

 private:
  double mean_ = 0, weight_ = 0;
};

// The mean of what precision and the like are for each class.
enum class Averaging {
  kMacro,     // of all classes that occur, each counting the same
  kMicro,     // over all examples together
  kWeighted,  // of all classes, each as often as it is a target
};

// Counts how often each class was predicted for each target.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int64_t classes);
  void add(const Tensor& scores_or_ids, const Tensor& target);
  void reset();

  int64_t classes() const { return classes_; }
  int64_t count(int64_t target, int64_t predicted) const;
  int64_t total() const;
  Tensor matrix() const;  // int64 [target, predicted]

  double accuracy() const;
  // Of those predicted (targets) of a class, how many are right; 0 where there are none; and their
  // harmonic mean.
  double precision(int64_t of_class) const;
  double recall(int64_t of_class) const;
  double f1(int64_t of_class) const;
  double precision(Averaging averaging = Averaging::kMacro) const;
  double recall(Averaging averaging = Averaging::kMacro) const;
  double f1(Averaging averaging = Averaging::kMacro) const;

 private:
  int64_t targets(int64_t of_class) const;
  int64_t predictions(int64_t of_class) const;
  double averaged(Averaging averaging, double (ConfusionMatrix::*of)(int64_t) const) const;

  int64_t classes_;
  std::vector<int64_t> counts_;  // row after row
};

}  // namespace rush::nn
