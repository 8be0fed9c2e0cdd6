#include "rush/nn/module.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "rush/core/apply.h"
#include "rush/core/node.h"
#include "rush/graph/graph.h"

namespace rush {
namespace {

bool is_parameter(const Tensor& t) { return is_floating(t.dtype()) && t.requires_grad(); }

// Calls f(path, tensor) for all tensors.
template <typename F>
void for_each_tensor(const nn::ModuleRef& model, F f) {
  struct Walk : nn::Visitor {
    explicit Walk(F& f) : f(f) {}
    void on_tensor(const std::string& path, Tensor& t) override { f(path, t); }
    F& f;
  } walk(f);
  walk.visit(model);
}

// The same without those seen before: a shared tensor comes once.
template <typename F>
void for_each_distinct(const nn::ModuleRef& model, F f) {
  std::unordered_set<const TensorBody*> seen;
  for_each_tensor(model, [&](const std::string& path, Tensor& t) {
    if (seen.insert(&t.body()).second) f(path, t);
  });
}

// A parameter learns its longest known path, for error texts and graphs.
void note_name(const std::string& path, const Tensor& t) {
  if (!t.is_leaf()) return;
  std::string& name = t.body().edge.node()->extras().name;
  if (name.size() < path.size()) name = path;
}

std::string join(const std::vector<std::string>& parts) {
  constexpr size_t kShown = 20;
  std::string text;
  for (size_t i = 0; i < parts.size() && i < kShown; ++i) text += (i ? ", " : "") + parts[i];
  if (parts.size() > kShown) text += ", and " + std::to_string(parts.size() - kShown) + " more";
  return text;
}

// Why values of `from` cannot go into `into`, or nothing.
std::string clash(const std::string& name, const Tensor& into, const Tensor& from) {
  if (!from.defined()) return name + " has no value in the state";
  if (!(into.shape() == from.shape())) {
    return concat({Part(name), Part(" is "), Part(into.shape()), Part(" in the model and "),
                   Part(from.shape()), Part(" in the state")});
  }
  if (is_floating(from.dtype()) != is_floating(into.dtype())) {
    return concat({Part(name), Part(" is "), Part(into.dtype()), Part(" in the model and "),
                   Part(from.dtype()), Part(" in the state")});
  }
  return "";
}

}  // namespace

State named_parameters(const nn::ModuleRef& model) {
  State found;
  for_each_distinct(model, [&](const std::string& path, Tensor& t) {
    if (!is_parameter(t)) return;
    note_name(path, t);
    found.emplace_back(path, t);
  });
  return found;
}

State named_buffers(const nn::ModuleRef& model) {
  State found;
  for_each_distinct(model, [&](const std::string& path, Tensor& t) {
    if (!is_parameter(t)) found.emplace_back(path, t);
  });
  return found;
}

std::vector<Tensor> parameters(const nn::ModuleRef& model) {
  std::vector<Tensor> found;
  for (auto& [name, t] : named_parameters(model)) found.push_back(t);
  return found;
}

int64_t parameter_count(const nn::ModuleRef& model) {
  int64_t count = 0;
  for (const Tensor& t : parameters(model)) count += t.numel();
  return count;
}

State state(const nn::ModuleRef& model) {
  State all;
  for_each_tensor(model,
                  [&](const std::string& path, Tensor& t) { all.emplace_back(path, t.detach()); });
  return all;
}

LoadReport load(const nn::ModuleRef& model, const State& state, const LoadOptions& options) {
  std::unordered_map<std::string_view, const Tensor*> given;
  for (const auto& [name, t] : state) given[name] = &t;
  LoadReport report;
  std::vector<std::string> clashes;
  std::vector<std::pair<Tensor, const Tensor*>> copies;
  for_each_tensor(model, [&](const std::string& path, Tensor& t) {
    const auto found = given.find(path);
    if (found == given.end()) {
      report.missing.push_back(path);
      return;
    }
    const std::string problem = clash(path, t, *found->second);
    if (problem.empty())
      copies.emplace_back(t, found->second);
    else
      clashes.push_back(problem);
    given.erase(found);
  });
  for (const auto& [name, t] : state)
    if (given.erase(name) > 0) report.unexpected.push_back(name);

  const bool is_complete = report.missing.empty() && report.unexpected.empty();
  if (!clashes.empty() || (options.strict && !is_complete)) {
    std::string text = "load: the state does not fit " + std::string(model.type()->name);
    if (!clashes.empty()) text += "; clashes: " + join(clashes);
    if (!report.missing.empty()) text += "; missing: " + join(report.missing);
    if (!report.unexpected.empty()) text += "; unexpected: " + join(report.unexpected);
    fail<ShapeError>(text);
  }
  NoGrad guard;
  for (auto& [into, from] : copies) into.copy_(*from);
  return report;
}

void to(const nn::ModuleRef& model, DType dtype) {
  if (!is_floating(dtype))
    fail<TypeError>("to: a model's parameters are floating; what came: ", dtype);
  for_each_distinct(model, [&](const std::string& path, Tensor& t) {
    if (!is_floating(t.dtype()) || t.dtype() == dtype) return;
    if (!t.is_leaf()) fail("to: ", path, " is the result of an op; only leaves can be converted");
    NoGrad guard;
    const bool requires_grad = t.requires_grad();
    const Tensor converted = t.detach().to(dtype);
    const Tensor grad = t.grad();
    TensorBody& body = t.body();
    body.storage = converted.storage();
    body.layout = converted.layout();
    body.dtype = dtype;
    body.edge = Edge();
    body.base = nullptr;
    if (!requires_grad) return;
    t.requires_grad_();
    note_name(path, t);
    if (grad.defined()) t.set_grad(grad.detach().to(dtype));
  });
}

void train(const nn::ModuleRef& model, bool on) {
  struct Walk : nn::Visitor {
    explicit Walk(bool on) : on(on) {}
    void on_switch(std::string_view name, bool& value) override {
      if (name == "training") value = on;
    }
    void on_mode(std::string_view, nn::Mode& mode) override { mode = on; }
    bool on;
  } walk(on);
  walk.visit(model);
}

void name_variables(const nn::ModuleRef& model, const std::string& prefix) {
  const Graph graph = default_graph();
  for_each_distinct(model,
                    [&](const std::string& path, Tensor& t) { graph.rename(t, prefix + path); });
}

void eval(const nn::ModuleRef& model) { train(model, false); }

void zero_grad(const nn::ModuleRef& model) {
  for_each_tensor(model, [](const std::string&, Tensor& t) {
    if (t.grad().defined()) t.set_grad({});
  });
}

void requires_grad_(const nn::ModuleRef& model, bool on) {
  for_each_distinct(model, [&](const std::string&, Tensor& t) {
    if (is_floating(t.dtype())) t.requires_grad_(on);
  });
}

namespace nn::detail {

void unshare(const ModuleRef& model) {
  struct Walk : Visitor {
    void on_tensor(const std::string&, Tensor& t) override {
      Tensor& copy = copies[&t.body()];
      if (!copy.defined()) {
        originals.push_back(t);  // keeps the address, which is the key, taken
        NoGrad guard;
        copy = t.detach().clone();
        if (t.requires_grad()) copy.requires_grad_();
      }
      t = copy;
    }
    void on_shared(std::string_view name) override {
      fail("clone: '", name, "' is held by shared_ptr, so the copy would still share it; hold it ",
           "by value, or in nn::AnyModule");
    }
    std::unordered_map<const TensorBody*, Tensor> copies;
    std::vector<Tensor> originals;
  } walk;
  walk.visit(model);
}

std::vector<void*> find_modules(const ModuleRef& model, const ModuleType* type) {
  struct Walk : Visitor {
    void on_enter(const std::string&, std::string_view, const ModuleRef& m) override {
      if (m.type() == type) found.push_back(m.address());
    }
    const ModuleType* type;
    std::vector<void*> found;
  } walk;
  walk.type = type;
  walk.visit(model);
  return walk.found;
}

}  // namespace nn::detail
}  // namespace rush
