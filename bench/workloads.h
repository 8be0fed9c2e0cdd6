// The nine training steps that Rushlight is measured by, the same as those of torch_peer.py: small
// networks as everybody writes them. Recurrent layers and
// attention are written in public ops.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::bench {

// One training step - forward, backward, optimiser - of a network that lives in it. Gives the loss,
// without history.
using TrainingStep = std::function<Tensor(const Tensor& x, const Tensor& y)>;

struct Workload {
  TrainingStep step;
  Tensor x, y;  // a batch to call it with
};

std::vector<std::string_view> workload_names();
// A new network with new random weights and inputs; Error when there is no such workload.
Workload make_workload(std::string_view name);

// A step that lowers `loss` by `optimizer`.
template <typename Optimizer, typename Loss>
TrainingStep training_step(Optimizer optimizer, Loss loss) {
  return [optimizer, loss](const Tensor& x, const Tensor& y) {
    const Tensor value = loss(x, y);
    optimizer->step(value);
    return value.detach();
  };
}

// Of sequences, in sequence_workloads.cc.
Workload gru_mnist();
Workload char_lstm();
Workload gpt_baby();
Workload gpt_mid();

}  // namespace rush::bench
