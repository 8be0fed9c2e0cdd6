// PerAxis: an option of convolutions and pools, given once for all axes of space or for each:
// {.stride = 2, .padding = {1, 0}}.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "rush/base/shape.h"

namespace rush {

class PerAxis {
 public:
  PerAxis() = default;  // not given
  PerAxis(int64_t all) : values_{all} {}
  PerAxis(std::initializer_list<int64_t> values) : values_(values) {}
  PerAxis(const Dims& values) : values_(values) {}
  bool is_given() const { return !values_.empty(); }
  // One value an axis; ShapeError naming op and option when their number does not fit.
  Dims expand(const char* op, const char* option, int axes) const {
    if (values_.size() == axes) return values_;
    if (values_.size() != 1)
      fail<ShapeError>(op, ": ", option, " takes 1 or ", axes, " values; got ", values_);
    return Dims::filled(axes, values_[0]);
  }
  const Dims& values() const { return values_; }

 private:
  Dims values_;
};

}  // namespace rush
