// Layers that resample images or cut them into blocks.
#pragma once

#include "rush/nn/visitor.h"
#include "rush/ops/image.h"

namespace rush::nn {

struct UpsampleOptions {
  Dims size{};                         // of the result, or
  std::vector<double> scale_factor{};  // times the size of x: one, or one an axis
  std::string mode = "nearest";        // linear, bilinear, trilinear, bicubic
  std::optional<bool> align_corners{};
};

// x: [N, C, size...] with 1 to 3 axes of space.
class Upsample {
 public:
  explicit Upsample(const UpsampleOptions& options);
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  UpsampleOptions options_;
};

// The blocks a convolution sees as columns: [N, C, H, W] -> [N, C * kernel's size, blocks].
struct Unfold {
  PerAxis kernel;
  UnfoldOptions options{};
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// Adds columns back to where their elements came from: [N, C * kernel's size, blocks] -> [N, C, H,
// W].
struct Fold {
  Dims output_size;
  PerAxis kernel;
  UnfoldOptions options{};
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

}  // namespace rush::nn
