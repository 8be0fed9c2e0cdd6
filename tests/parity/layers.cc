// Every layer and loss: its results, gradients and state, and 50 steps of training.
#include "tests/parity/layers.h"

#include <iostream>

#include "rush/autograd/autograd.h"
#include "rush/core/apply.h"
#include "rush/io/model.h"
#include "rush/nn/conv.h"
#include "rush/nn/embedding.h"
#include "rush/nn/linear.h"
#include "rush/nn/norm.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/sgd.h"
#include "tests/parity/write_layers.h"

namespace rush::parity {
namespace {

using nlohmann::json;

json archived(const State& state, Archive& archive) {
  json all = json::array();
  for (const auto& [name, t] : state)
    if (t.defined()) all.push_back({{"name", name}, {"value", archive.add(t)}});
  return all;
}

State copied(const State& state) {
  State copy;
  for (const auto& [name, t] : state)
    if (t.defined()) copy.emplace_back(name, t.clone());
  return copy;
}

json gradients_of(const LayerCase& c, Archive& archive) {
  State grads;
  for (const auto& [name, p] : named_parameters(c.module))
    if (p.grad().defined()) grads.emplace_back(name, p.grad().detach());
  return archived(grads, archive);
}

std::vector<double> training_curve(const LayerCase& c, const Tensors& inputs) {
  constexpr int kSteps = 50;
  optim::SGD opt(parameters(c.module), {.lr = 0.05});
  std::vector<double> losses;
  for (int i = 0; i < kSteps; ++i) {
    const Tensor loss = mean(square(c.call(inputs)));
    losses.push_back(loss.item());
    opt.step(loss);
  }
  return losses;
}

json describe(const LayerCase& c, DType t, uint64_t seed, Archive& archive) {
  to(c.module, t);
  manual_seed(seed);
  for (const Tensor& p : parameters(c.module)) uniform_(p.detach(), -0.6, 0.7);
  zero_grad(c.module);
  testing::OpCase row;
  row.op = c.torch;
  row.in = c.in;
  const Tensors inputs = testing::make_inputs(row, t, true);
  const State before = copied(state(c.module));
  json entry = {{"torch", c.torch},
                {"dtype", name_of(t)},
                {"tolerance", c.tolerance},
                {"state", archived(before, archive)},
                {"in", archive.add(inputs)}};
  const Tensor y = c.call(inputs);
  entry["out"] = archive.add(y);
  if (y.requires_grad()) {
    const Tensor weights = testing::weights_for(y, seed);
    entry["weights"] = archive.add(weights);
    sum(y * weights).backward();
    Tensors grads;
    for (const Tensor& x : inputs)
      grads.push_back(x.defined() && x.requires_grad() ? x.grad() : Tensor());
    entry["first"] = archive.add(grads);
    entry["gradients"] = gradients_of(c, archive);
  }
  entry["after"] = archived(state(c.module), archive);
  if (c.curve && y.requires_grad() && !parameters(c.module).empty()) {
    load(c.module, before);
    entry["curve"] = training_curve(c, inputs);
  }
  return entry;
}

// Names and shapes of every kind that a file holds.
struct Exchanged {
  nn::Conv2d conv{3, 4, 3};
  nn::ConvTranspose1d back{4, 2, 3};
  nn::BatchNorm2d norm{4};
  nn::Linear fc{5, 6};
  nn::LayerNorm layer_norm{6};
  nn::GroupNorm group_norm{2, 4};
  nn::Embedding table{7, 3};
  nn::Bilinear both{2, 3, 4};
};

}  // namespace

void exchange(const std::string& from, const std::string& to) {
  Exchanged net;
  load(from, net);
  save(to, net);
}

int write_layers(const std::string& folder) {
  Archive archive(folder + "/layers.bin");
  LayerList list;
  add_layers(list);
  add_losses(list);
  json rows = json::array();
  int failures = 0;
  uint64_t seed = 0;
  for (const LayerCase& c : list.cases()) {
    ++seed;
    for (DType t : {float64, float32}) {
      try {
        rows.push_back(describe(c, t, seed, archive));
      } catch (const std::exception& e) {
        std::cerr << c.torch << " in " << name_of(t) << ": " << e.what() << "\n";
        ++failures;
      }
    }
  }
  const json opts = optimizers(archive);
  archive.close();
  std::ofstream index(folder + "/layers.json");
  const json all = {{"layers", rows}, {"optimizers", opts}, {"schedulers", schedulers()}};
  index << all.dump();
  index.close();
  if (!index) fail<IoError>("parity: cannot write ", folder, "/layers.json");
  save(folder + "/ours.safetensors", Exchanged{});
  return failures;
}

}  // namespace rush::parity
