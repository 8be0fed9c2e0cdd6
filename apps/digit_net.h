// The network that `rushlight train digits` trains, and how it travels: a LeNet-like convolutional
// network, saved as safetensors with metadata that say what it is.
#pragma once

#include <string>

#include "rush/io/model.h"
#include "rush/nn/conv.h"
#include "rush/nn/dropout.h"
#include "rush/nn/linear.h"
#include "rush/tensor/tensor.h"

namespace rush::app {

inline constexpr int64_t kSide = 28, kClasses = 10;
inline constexpr double kPixelMean = 0.1307, kPixelStd = 0.3081;  // of MNIST's training images

struct DigitNet {
  nn::Conv2d conv1{1, 16, 5, {.padding = 2}};
  nn::Conv2d conv2{16, 32, 5};
  nn::Dropout drop{0.3};
  nn::Linear fc1{32 * 5 * 5, 128}, fc2{128, kClasses};

  // x: [N, 1, 28, 28], normalised -> [N, 10] before softmax.
  Tensor operator()(const Tensor& x) const;
};

// Pixels 0 to 1 or uint8, [N, 1, 28, 28], as the network wants them.
Tensor normalized(const Tensor& images);

void save_digit_net(const std::string& path, const DigitNet& net, Metadata more);
// IoError when the file holds another architecture.
DigitNet load_digit_net(const std::string& path);

}  // namespace rush::app
