#include "rush/core/cost.h"

#include <unordered_map>

namespace rush {
namespace {

std::unordered_map<std::string_view, CostRule>& rules() {
  static std::unordered_map<std::string_view, CostRule> all;  // filled before main
  return all;
}

int64_t bytes_of(const kernels::View& v) {
  return v.data ? bytes_touched(v.dtype, v.shape, v.strides) : 0;
}

}  // namespace

void set_cost_rule(std::string_view op, const CostRule& rule) { rules()[op] = rule; }

int64_t bytes_touched(DType dtype, const Shape& shape, const Strides& strides) {
  auto n = static_cast<int64_t>(size_of(dtype));
  for (int d = 0; d < shape.size(); ++d)
    if (strides[d] != 0 || shape[d] == 0) n *= shape[d];
  return n;
}

Cost cost_of(const Op& op, std::span<const kernels::View> in, std::span<const kernels::View> out,
             const void* attrs) {
  const auto found = rules().find(op.name);
  const CostRule rule = found == rules().end() ? CostRule{} : found->second;
  Cost cost;
  for (const kernels::View& v : out) cost.bytes += bytes_of(v);
  const int64_t given = cost.bytes;
  for (size_t i = 0; i < in.size(); ++i) {
    cost.bytes += i == 0 && rule.reads_parts ? given : bytes_of(in[i]);
    if (op.writes_in_place() && op.writes(i, in.size(), attrs)) cost.bytes += bytes_of(in[i]);
  }
  if (rule.flops)
    cost.flops = rule.flops(in, out, attrs);
  else if (op.is_elementwise && found == rules().end() && !out.empty())
    cost.flops = static_cast<double>(out[0].numel());
  return cost;
}

}  // namespace rush
