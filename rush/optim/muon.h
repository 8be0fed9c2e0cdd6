// Muon: momentum whose directions are all made equally long, for weight matrices.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

// How the rate is fitted to the shape [out, in] of a matrix.
enum class MuonRate {
  kOriginal,       // lr sqrt(max(1, out / in))
  kMatchRmsAdamW,  // 0.2 lr sqrt(max(out, in)): rates found for AdamW can be kept
};

struct MuonOptions {
  double lr = 1e-3;
  double weight_decay = 0.1, momentum = 0.95;
  bool nesterov = true;
  std::array<double, 3> ns_coefficients = {3.4445, -4.7750, 2.0315};
  double eps = 1e-7;
  int64_t ns_steps = 5;
  MuonRate adjust_lr = MuonRate::kOriginal;
  DType ns_dtype = DType::kBFloat16;  // what the iteration is computed in
};

//   buf = momentum buf + (1 - momentum) grad,  d = nesterov ? grad + (buf - grad) momentum : buf
//   d becomes nearly orthogonal: ns_steps times  d = a d + (b s + c s^2) d,  s = d d^T, from d /
//   |d| p = (1 - lr weight_decay) p - rate d
// Parameters are matrices; give biases, embeddings and the like to another optimiser.
class Muon final : public OptimizerOf<Muon, MuonOptions> {
 public:
  explicit Muon(std::vector<Tensor> params, const MuonOptions& options = {});
  void add_param_group(std::vector<Tensor> params, const MuonOptions& options);
  double* momentum(size_t group) override { return &options(group).momentum; }

 protected:
  void check(const MuonOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
