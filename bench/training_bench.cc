// Training steps of small networks, timed. Prints a JSON line a workload, as torch_peer.py does for
// PyTorch; compare.py runs the two in turn.
//
//   training_bench [--threads N] [--seconds S] [workload ...]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/nn/conv.h"
#include "rush/nn/dropout.h"
#include "rush/nn/linear.h"
#include "rush/nn/module.h"
#include "rush/ops/loss.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace {

using namespace rush;
using Step = std::function<void()>;

Tensor class_ids(int64_t count, int64_t classes) { return randint(0, classes, {count}); }

// 2-16-16-1 with tanh, batch 100, SGD: all of it is overhead.
Step mlp_micro() {
  struct Net {
    nn::Linear a{2, 16}, b{16, 16}, c{16, 1};
    Tensor operator()(const Tensor& x) const { return c(tanh(b(tanh(a(x))))); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::SGD>(parameters(net), optim::SGDOptions{.lr = 0.01});
  const Tensor x = randn({100, 2}), y = randn({100, 1});
  return [=] { opt->step(mse_loss(net(x), y)); };
}

// 784-800-800-10 with dropout, batch 64, Adam.
Step mlp_mnist() {
  struct Net {
    nn::Linear a{784, 800}, b{800, 800}, c{800, 10};
    nn::Dropout first{0.2}, second{0.5};
    Tensor operator()(const Tensor& x) const { return c(second(relu(b(first(relu(a(x))))))); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const Tensor x = randn({64, 784}), y = class_ids(64, 10);
  return [=] { opt->step(cross_entropy(net(x), y)); };
}

// Two convolutions, pooling, two linear layers, dropout; batch 64, SGD with momentum.
Step convnet() {
  struct Net {
    nn::Conv2d a{1, 32, 3}, b{32, 64, 3};
    nn::Linear c{9216, 128}, d{128, 10};
    nn::Dropout first{0.25}, second{0.5};
    Tensor operator()(const Tensor& x) const {
      const Tensor features = first(max_pool2d(relu(b(relu(a(x)))), 2));
      return d(second(relu(c(features.flatten(1)))));
    }
  };
  const Net net;
  const auto opt =
      std::make_shared<optim::SGD>(parameters(net), optim::SGDOptions{.lr = 0.01, .momentum = 0.9});
  const Tensor x = randn({64, 1, 28, 28}), y = class_ids(64, 10);
  return [=] { opt->step(cross_entropy(net(x), y)); };
}

const std::map<std::string, Step (*)()> kWorkloads = {
    {"mlp_micro", mlp_micro}, {"mlp_mnist", mlp_mnist}, {"convnet", convnet}};

void measure(const std::string& name, const Step& step, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUp = 5, kLeast = 5;
  for (int i = 0; i < kWarmUp; ++i) step();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end || times.size() < kLeast) {
    const auto begin = Clock::now();
    step();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"lib\": \"rushlight\", \"workload\": \"%s\", \"threads\": %d, \"min_ms\": %.4f, "
      "\"median_ms\": %.4f, \"steps\": %zu}\n",
      name.c_str(), num_threads(), times[0], times[times.size() / 2], times.size());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 4;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--threads") && i + 1 < argc)
      set_num_threads(std::atoi(argv[++i]));
    else if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else
      names.emplace_back(argv[i]);
  }
  if (names.empty())
    for (const auto& [name, make] : kWorkloads) names.push_back(name);
  for (const std::string& name : names) {
    const auto found = kWorkloads.find(name);
    if (found == kWorkloads.end()) {
      std::fprintf(stderr, "training_bench: no workload called %s\n", name.c_str());
      return 2;
    }
    manual_seed(0);
    measure(name, found->second(), seconds);
  }
}
