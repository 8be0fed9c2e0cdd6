#include "rush/nn/visitor.h"

namespace rush::nn {

std::string detail::index_name(size_t i) { return std::to_string(i); }

const ModuleType function_type{"Function", [](void*, Visitor&) {},
                               [](const void*) { return std::string("Function()"); }};

void Visitor::visit(const ModuleRef& root) {
  on_enter(path_, "", root);
  root.walk(*this);
  on_leave(root);
}

size_t Visitor::extend(std::string_view name) {
  const size_t before = path_.size();
  if (before > 0) path_ += '.';
  path_ += name;
  return before;
}

void Visitor::visit_tensor(std::string_view name, Tensor& t) {
  if (!t.defined()) return;
  const size_t before = extend(name);
  on_tensor(path_, t);
  path_.resize(before);
}

void Visitor::visit_module(std::string_view name, const ModuleRef& module) {
  const size_t before = extend(name);
  on_enter(path_, name, module);
  module.walk(*this);
  on_leave(module);
  path_.resize(before);
}

}  // namespace rush::nn
