// TinyNet's one-dimensional convolutional network over 60 frames of 24 features: three
// convolutions, 24-56-28-14 channels, then a linear layer. The task is made up here: which of ten
// tones, each a pattern that moves through the features, is hidden in the noise. The data require
// no gradient; every weight still gets one.
#include <rush/rush.h>

#include <cmath>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kFeatures = 24, kFrames = 60, kTones = 10;
constexpr double kNoise = 1.0;

struct Net {
  nn::Conv1d conv1{kFeatures, 56, 5}, conv2{56, 28, 6, {.stride = 2}},
      conv3{28, 14, 2, {.stride = 2}};
  nn::Linear out{14 * 13, kTones};
  Tensor operator()(const Tensor& x) const {
    return out(sigmoid(conv3(relu(conv2(tanh(conv1(x)))))).flatten(1));
  }
};

// Tone k is a wave of its own slope over features and frames, starting anywhere.
std::pair<Tensor, Tensor> tones(int64_t count) {
  const Tensor label = randint(kTones, {count});
  const Tensor k = cast(label, float32).reshape({count, 1, 1}), start = 6.28f * rand({count, 1, 1});
  const Tensor feature = arange(kFeatures).reshape({kFeatures, 1}) * 0.26, frame = arange(kFrames);
  const Tensor wave = sin(start + feature * (k - 4.5) / 2 + frame * (k + 1) / 10);
  return {wave + kNoise * randn({count, kFeatures, kFrames}), label};
}

void frames_cnn(demo::Demo& d) {
  const int64_t steps = d.option("steps", 400, 120, "batches of 64");
  d.start();
  Net net;
  optim::Adam adam(parameters(net), {.lr = 3e-3});
  d.begin("training", steps);
  double smallest = INFINITY;
  for (int64_t step = 1; step <= steps; ++step) {
    const auto [x, label] = tones(64);
    const Tensor loss = nn::cross_entropy(net(x), label);
    adam.zero_grad();
    loss.backward();
    if (step == 1)
      for (const auto& [name, p] : named_parameters(net))
        smallest = std::min(smallest, max(abs(p.grad())).item());
    adam.step();
    d.update(step, "loss " + io::fixed(loss.item(), 3));
    if (step % 40 == 0) d.say("step %4d: loss %.4f", static_cast<int>(step), loss.item());
  }
  const NoGrad no_grad;
  const auto [x, label] = tones(2000);
  d.at_least("smallest of the parameters' largest first gradients", smallest, 1e-6, 1e-6);
  d.at_least("accuracy on unheard tones", nn::accuracy(net(x), label), 0.95, 0.7);
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A one-dimensional convolutional network over frames of features.",
                   frames_cnn);
}
