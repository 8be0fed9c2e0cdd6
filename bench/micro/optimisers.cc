// Steps of optimisers, which are bound by memory where the parameters do not fit into a cache.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/micro/micro.h"
#include "rush/core/apply.h"
#include "rush/ops/random.h"
#include "rush/optim/optim.h"

namespace rush::bench {
namespace {

using Maker = std::function<std::unique_ptr<optim::Optimizer>(const std::vector<Tensor>&)>;

struct Case {
  const char* name;
  int64_t arrays;  // of the parameters' size, read or written
  Maker make;
};

template <typename T, typename Options>
Maker maker(const Options& options) {
  return
      [options](const std::vector<Tensor>& params) { return std::make_unique<T>(params, options); };
}

const Case kCases[] = {
    {"sgd", 3, maker<optim::SGD>(optim::SGDOptions{})},
    {"sgd_momentum", 5, maker<optim::SGD>(optim::SGDOptions{.momentum = 0.9})},
    {"adam", 7, maker<optim::Adam>(optim::AdamOptions{})},
    {"adamw", 7, maker<optim::AdamW>(optim::AdamWOptions{})},
    {"rmsprop", 5, maker<optim::RMSprop>(optim::RMSpropOptions{})},
};

void run(benchmark::State& state, const Case& c, int64_t tensors, int64_t elements) {
  std::vector<Tensor> params, grads;
  for (int64_t i = 0; i < tensors; ++i) {
    params.push_back(randn({elements}).requires_grad_());
    grads.push_back(randn({elements}));
  }
  const auto optimizer = c.make(params);
  optimizer->step(grads);  // makes its values
  for (auto _ : state) optimizer->step(grads);
  report_bytes(state, c.arrays * tensors * elements * static_cast<int64_t>(sizeof(float)));
}

const bool kRegistered = [] {
  struct Size {
    int64_t tensors, elements;
  };
  for (const Case& c : kCases)
    for (const Size& s : {Size{6, 100}, Size{60, 4000}, Size{4, 1 << 20}}) {
      const std::string size = std::to_string(s.tensors) + "x" + std::to_string(s.elements);
      benchmark::RegisterBenchmark((std::string(c.name) + "/" + size).c_str(), run, c, s.tensors,
                                   s.elements)
          ->UseRealTime();
    }
  return true;
}();

}  // namespace
}  // namespace rush::bench
