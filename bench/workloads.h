// The nine networks that Rushlight is measured by, the same as those of torch_peer.py: small
// networks as everybody writes them.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rush/core/apply.h"
#include "rush/nn/module.h"
#include "rush/tensor/tensor.h"

namespace rush::bench {

// A training step - forward, backward, optimiser - of a network that lives in it: gives the loss,
// without history. Or in inference, the network's output.
using Step = std::function<Tensor(const Tensor& x, const Tensor& y)>;

struct Workload {
  Step step;
  Tensor x, y;  // a batch to call it with
};

// What is to be measured of a network.
struct Task {
  bool is_training = true;  // else the forward pass alone, without gradients, in evaluation mode
  int64_t batch = 0;        // examples; 0: as many as the workload has of its own

  int64_t batch_or(int64_t usual) const { return batch > 0 ? batch : usual; }
};

std::vector<std::string_view> workload_names();
// A new network with new random weights and inputs; Error when there is no such workload.
Workload make_workload(std::string_view name, const Task& task = {});

// The step of `net`, whose training lowers loss(x, y) by `optimizer`.
template <typename Net, typename Optimizer, typename Loss>
Step step_of(const Task& task, const Net& net, Optimizer optimizer, Loss loss) {
  if (task.is_training)
    return [optimizer, loss](const Tensor& x, const Tensor& y) {
      optimizer->zero_grad();
      const Tensor value = loss(x, y);
      value.backward();
      optimizer->step();
      return value.detach();
    };
  Net evaluated = net;
  eval(evaluated);
  return [evaluated](const Tensor& x, const Tensor&) {
    const NoGrad no_grad;
    return evaluated(x);
  };
}

// Of sequences, in sequence_workloads.cc.
Workload gru_mnist(const Task& task);
Workload char_lstm(const Task& task);
Workload gpt_baby(const Task& task);
Workload gpt_mid(const Task& task);

}  // namespace rush::bench
