// Comparing tensors, and collecting what is wrong with a row.
#pragma once

#include <string>
#include <vector>

#include "rush/base/error.h"
#include "rush/core/op.h"

namespace rush::testing {

// What the checks found wrong, as text; empty: all is well.
class Report {
 public:
  template <typename... Parts>
  void add(const Parts&... parts) {
    problems_.push_back(where_ + concat({Part(parts)...}));
  }
  // Prefix of the entries that follow.
  void at(const std::string& where) { where_ = where.empty() ? "" : where + ": "; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::vector<std::string> problems_;
  std::string where_;
};

// All elements in row-major order, as doubles, by plain loops.
std::vector<double> doubles_of(const Tensor& t);

// "" when the shapes are equal and |got - want| <= relative * (|want| + largest |want| up to 1)
// everywhere, NaN where NaN is wanted; else the worst element. What overflows the dtype of `got` is
// wanted as infinity.
std::string difference(const Tensor& got, const Tensor& want, double relative);
std::string difference(const Tensors& got, const Tensors& want, double relative);
// "" when shape, dtype and every bit of every element are equal.
std::string bit_difference(const Tensor& got, const Tensor& want);
std::string bit_difference(const Tensors& got, const Tensors& want);

// The relative bound for results that were computed in `dtype`.
double bound_of(DType dtype);

}  // namespace rush::testing
