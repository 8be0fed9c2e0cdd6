#include "rush/nn/reshape.h"

#include "rush/nn/layer.h"
#include "rush/ops/movement.h"

namespace rush::nn {

Tensor Flatten::operator()(const Tensor& x) const { return flatten(x, start_axis, end_axis); }

std::string Flatten::describe() const {
  return Describe("Flatten")
      .option("start_axis", start_axis, int64_t{1})
      .option("end_axis", end_axis, int64_t{-1});
}

Tensor Unflatten::operator()(const Tensor& x) const { return unflatten(x, axis, sizes); }

std::string Unflatten::describe() const { return Describe("Unflatten").arg(axis).arg(sizes); }

}  // namespace rush::nn
