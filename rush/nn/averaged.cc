#include "rush/nn/averaged.h"

#include "rush/core/apply.h"
#include "rush/nn/norm.h"
#include "rush/ops/binary.h"
#include "rush/ops/movement.h"

namespace rush::nn {
namespace {

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The training switches of a model, which it sets back when done.
class KeepModes final : public Visitor {
 public:
  explicit KeepModes(const ModuleRef& model) { visit(model); }
  ~KeepModes() override {
    for (auto& [mode, was_on] : modes_) *mode = was_on;
    for (auto& [flag, was_on] : flags_) *flag = was_on;
  }

 private:
  void on_mode(std::string_view, Mode& mode) override { modes_.emplace_back(&mode, mode); }
  void on_switch(std::string_view name, bool& flag) override {
    if (name == "training") flags_.emplace_back(&flag, flag);
  }

  std::vector<std::pair<Mode*, bool>> modes_;
  std::vector<std::pair<bool*, bool>> flags_;
};

}  // namespace

void detail::average_into(const ModuleRef& average, const ModuleRef& model,
                          const Tensor& n_averaged, const AveragedModelOptions& options) {
  const NoGrad off;
  const double count = n_averaged.item<double>();
  const auto mix = [&](const State& ours, const State& theirs, bool averages) {
    if (ours.size() != theirs.size())
      fail("AveragedModel: the model has ", theirs.size(), " tensors, its average ", ours.size());
    for (size_t i = 0; i < ours.size(); ++i) {
      const Tensor ours_now = ours[i].second.detach(), value = theirs[i].second.detach();
      if (count == 0 || !averages || !is_floating(value.dtype()))
        ours_now.copy_(value);
      else if (options.decay)
        ours_now.copy_(ours_now * *options.decay + value * (1 - *options.decay));
      else
        ours_now.copy_(ours_now + (value - ours_now) / (count + 1));
    }
  };
  mix(named_parameters(average), named_parameters(model), true);
  mix(named_buffers(average), named_buffers(model), options.use_buffers);
  n_averaged.add_(1);
}

void update_bn(const ModuleRef& model, const std::function<void()>& run) {
  bool has_any = false;
  for (const auto& [name, t] : state(model)) {
    const bool is_mean = ends_with(name, "running_mean"), is_var = ends_with(name, "running_var");
    if (!is_mean && !is_var && !ends_with(name, "num_batches_tracked")) continue;
    t.fill_(is_var ? 1 : 0);
    has_any = true;
  }
  if (!has_any) return;
  const KeepModes modes(model);
  train(model);
  const PlainAverages plain;
  const NoGrad off;
  run();
}

Tensor parameters_to_vector(const std::vector<Tensor>& params) {
  if (params.empty()) fail("parameters_to_vector: at least one parameter is needed");
  std::vector<Tensor> parts;
  for (const Tensor& p : params) parts.push_back(flatten(p));
  return cat(parts);
}

void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& params) {
  int64_t count = 0;
  for (const Tensor& p : params) count += p.numel();
  if (!(vector.shape() == Shape{count}))
    fail<ShapeError>("vector_to_parameters: the parameters have ", count,
                     " elements; what came: ", vector.shape());
  const NoGrad off;
  int64_t offset = 0;
  for (const Tensor& p : params) {
    p.detach().copy_(reshape(narrow(vector.detach(), 0, offset, p.numel()), p.shape()));
    offset += p.numel();
  }
}

}  // namespace rush::nn
