// What an op's work amounts to: bytes that must pass through memory and arithmetic operations, for
// profiles and explanations of plans.
#pragma once

#include <span>
#include <string_view>

#include "rush/core/op.h"

namespace rush {

struct Cost {
  int64_t bytes = 0;
  double flops = 0;
};

struct CostRule {
  using Flops = double (*)(std::span<const kernels::View> in, std::span<const kernels::View> out,
                           const void* attrs);
  Flops flops = nullptr;     // null: none
  bool reads_parts = false;  // of its first input, as much as it gives
};
// Element-wise ops need no rule: they count one operation a number. The rules: rush/ops/cost.cc.
void set_cost_rule(std::string_view op, const CostRule& rule);

// Elements that repeat (strides of 0) count once.
int64_t bytes_touched(DType dtype, const Shape& shape, const Strides& strides);
// Values of the views do not matter, only whether they are there.
Cost cost_of(const Op& op, std::span<const kernels::View> in, std::span<const kernels::View> out,
             const void* attrs);

}  // namespace rush
