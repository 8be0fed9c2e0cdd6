// A multi-layer perceptron that scans a signal is a convolutional network, in two ways (TinyNet's
// exercise). The simple way: its first layer becomes a convolution as wide as the window, the
// others of width one. The distributed way: layers that look at parts of the window share weights,
// and the window grows from layer to layer. Both equal the scanning network, gradients too.
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kFeatures = 24, kWindow = 8, kStride = 4;

double distance(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

// f(window), for every window of x: [1, features, frames] -> [1, positions * out].
template <typename F>
Tensor scan(const Tensor& x, const F& f) {
  std::vector<Tensor> outputs;
  for (int64_t at = 0; at + kWindow <= x.size(2); at += kStride)
    outputs.push_back(f(narrow(x, 2, at, kWindow)));
  return cat(outputs, 1);
}

// Of a linear layer over `width` frames of `channels` values, frame by frame: [out, width *
// channels] -> the convolution's [out, channels, width].
Tensor kernel(const Tensor& w, int64_t width) {
  return w.reshape({w.size(0), width, w.size(1) / width}).transpose(1, 2);
}
Tensor frame_by_frame(const Tensor& window) { return window.transpose(1, 2).flatten(1); }

// Positions first, as the scan puts them: [1, out, positions] -> [1, positions * out].
Tensor positions_first(const Tensor& y) { return y.transpose(1, 2).flatten(1); }

struct Weights {
  Tensor w1, w2, w3;
};

Tensor simple_mlp(const Weights& w, const Tensor& window) {
  return linear(relu(linear(relu(linear(frame_by_frame(window), w.w1)), w.w2)), w.w3);
}
Tensor simple_cnn(const Weights& w, const Tensor& x) {
  const Tensor a = relu(conv1d(x, kernel(w.w1, kWindow), {}, {.stride = kStride}));
  const Tensor b = relu(conv1d(a, kernel(w.w2, 1)));
  return positions_first(conv1d(b, kernel(w.w3, 1)));
}

// One layer after another on neighbouring pairs: 8 frames, 4, 2, and then 1.
Tensor on_pairs(const Tensor& x, const Tensor& w) {
  std::vector<Tensor> parts;
  for (int64_t at = 0; at < x.size(2); at += 2)
    parts.push_back(linear(frame_by_frame(narrow(x, 2, at, 2)), w).unsqueeze(2));
  return cat(parts, 2);
}
Tensor distributed_mlp(const Weights& w, const Tensor& window) {
  return on_pairs(relu(on_pairs(relu(on_pairs(window, w.w1)), w.w2)), w.w3).flatten(1);
}
Tensor distributed_cnn(const Weights& w, const Tensor& x) {
  const Tensor a = relu(conv1d(x, kernel(w.w1, 2), {}, {.stride = 2}));
  const Tensor b = relu(conv1d(a, kernel(w.w2, 2), {}, {.stride = 2}));
  return positions_first(conv1d(b, kernel(w.w3, 2)));
}

// The largest differences of outputs, and of the gradients of a sum weighted at random.
template <typename Scanned, typename Convolved>
void compare(demo::Demo& d, const std::string& name, const Weights& w, const Tensor& x,
             const Scanned& mlp, const Convolved& cnn) {
  const Tensor scanned = scan(x, [&](const Tensor& window) { return mlp(w, window); });
  const Tensor convolved = cnn(w, x);
  const Tensor weights = randn(scanned.shape(), float64);
  const std::vector<Tensor> inputs{x, w.w1, w.w2, w.w3};
  const auto a = grad({sum(scanned * weights)}, inputs),
             b = grad({sum(convolved * weights)}, inputs);
  double furthest = 0;
  for (size_t i = 0; i < inputs.size(); ++i) furthest = std::max(furthest, distance(a[i], b[i]));
  d.say("%s: %d outputs", name.c_str(), static_cast<int>(convolved.numel()));
  d.at_most(name + ": largest difference of outputs", distance(scanned, convolved), 1e-12, 1e-12);
  d.at_most(name + ": largest difference of gradients", furthest, 1e-10, 1e-10);
}

void scanning_mlp(demo::Demo& d) {
  d.start();
  const auto drawn = [](const Shape& shape) { return randn(shape, float64).requires_grad_(); };
  const Tensor x = drawn({1, kFeatures, 128});
  const Weights simple{drawn({8, kWindow * kFeatures}), drawn({16, 8}), drawn({4, 16})};
  compare(d, "simple", simple, x, simple_mlp, simple_cnn);
  const Weights distributed{drawn({2, 2 * kFeatures}), drawn({8, 2 * 2}), drawn({4, 2 * 8})};
  compare(d, "distributed", distributed, x, distributed_mlp, distributed_cnn);
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A scanning perceptron is a convolutional network.", scanning_mlp);
}
