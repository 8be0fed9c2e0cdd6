#include "tests/parity/acceptance.h"

#include <cmath>
#include <functional>

#include "rush/rush.h"

namespace rush::parity {
namespace {

using nlohmann::json;
using Function = std::function<Tensor(const Tensors&)>;

struct Case {
  std::string name;
  std::string torch;  // the same in PyTorch, of x0, x1, ...
  double atol;
  Tensors inputs;
  Function run;
};

json describe(const Case& c, Archive& archive) {
  json entry = {
      {"name", c.name}, {"torch", c.torch}, {"atol", c.atol}, {"in", archive.add(c.inputs)}};
  const Tensor y = c.run(c.inputs);
  const Tensor weights = cos(arange(y.numel(), y.dtype())).reshape(y.shape());
  std::vector<Tensor> by;
  for (const Tensor& x : c.inputs)
    if (x.requires_grad()) by.push_back(x);
  const auto found = grad({y}, by, {weights});
  Tensors first;
  for (const Tensor& x : c.inputs)
    first.push_back(x.requires_grad() ? found[first.size()] : Tensor());  // those without come last
  entry["out"] = archive.add(Tensors{y});
  entry["weights"] = archive.add(Tensors{weights});
  entry["first"] = archive.add(first);
  return entry;
}

Tensor wanting(const Tensor& x) { return x.clone().requires_grad_(); }

// As picograd draws them: U(-1, 1) / sqrt(number of elements).
Tensor small(const Shape& shape) {
  const Tensor w = rand(shape) * 2 - 1;
  return wanting(w / std::sqrt(static_cast<double>(w.numel())));
}

// Check 8: picograd's own three tests, and the example of its README.
std::vector<Case> of_picograd() {
  const Tensor x = wanting(randn({512, 1024}));
  const Tensor classes = randint(0, 500, {512});
  const auto hidden = [](const Tensors& t) { return relu(matmul(t[0], t[1]) + t[2]); };
  const auto nll = [hidden](const Tensors& t) {
    return nn::nll_loss(log_softmax(hidden(t), 1), t[3]);
  };
  const auto mse = [](const Tensors& t) {
    return nn::mse_loss(relu(matmul(t[0], t[1]) + t[2]), t[3]);
  };
  const Tensor eye3 = wanting(eye(3)), row = wanting(Tensor::from({2, 0, -2}).reshape({1, 3}));
  return {
      {"check 8: linear and relu",
       "F.relu(x0 @ x1 + x2)",
       1e-6,
       {x, small({1024, 500}), small({1, 500})},
       hidden},
      {"check 8: log-softmax and NLL",
       "F.nll_loss(F.log_softmax(F.relu(x0 @ x1 + x2), 1), x3)",
       1e-6,
       {x, small({1024, 500}), small({1, 500}), classes},
       nll},
      {"check 8: regression",
       "F.mse_loss(F.relu(x0 @ x1 + x2), x3)",
       1e-6,
       {x, small({1024, 1}), small({1, 1}), randn({512, 1})},
       mse},
      {"check 8: the README's example",
       "(x1 @ x0).sum()",
       0,
       {eye3, row},
       [](const Tensors& t) { return sum(matmul(t[1], t[0])); }},
  };
}

// Check 10: convolutions of every small batch, width, stride and padding.
std::vector<Case> of_minitorch() {
  std::vector<Case> all;
  for (const int batch : {1, 2, 5})
    for (const int in : {1, 3, 4})
      for (const int out : {1, 3, 4})
        for (const int stride : {1, 2})
          for (const int pad : {0, 1}) {
            const std::string options =
                "stride=" + std::to_string(stride) + ", padding=" + std::to_string(pad);
            const auto text = [](int n) { return std::to_string(n); };
            all.push_back(
                {"check 10: " + text(batch) + "x" + text(in) + " to " + text(out) + " " + options,
                 "F.conv2d(x0, x1, " + options + ")",
                 1e-10,
                 {wanting(randn({batch, in, 7, 6}, float64)),
                  wanting(randn({out, in, 3, 3}, float64))},
                 [stride, pad](const Tensors& t) {
                   return conv2d(t[0], t[1], {}, {.stride = {stride}, .padding = {pad}});
                 }});
          }
  return all;
}

// Check 15: the weighted sum that has a gradient, and the plain one that has none.
std::vector<Case> of_mini_pytorch() {
  const auto scores = [](const Tensors& t) { return softmax(matmul(t[0], t[1]) + t[2], -1); };
  const Tensors abc = {wanting(randn({2, 3})), wanting(randn({3, 4})), wanting(randn({4}))};
  Tensors weighted = abc;
  weighted.push_back(randn({2, 4}));
  return {{"check 15: weighted softmax", "(torch.softmax(x0 @ x1 + x2, -1) * x3).sum()", 1e-6,
           weighted, [scores](const Tensors& t) { return sum(scores(t) * t[3]); }},
          {"check 15: unweighted softmax", "torch.softmax(x0 @ x1 + x2, -1).sum()", 1e-6, abc,
           [scores](const Tensors& t) { return sum(scores(t)); }}};
}

}  // namespace

json acceptance(Archive& archive) {
  manual_seed(7);
  json all = json::array();
  for (const auto& family : {of_picograd(), of_minitorch(), of_mini_pytorch()})
    for (const Case& c : family) all.push_back(describe(c, archive));
  return all;
}

}  // namespace rush::parity
