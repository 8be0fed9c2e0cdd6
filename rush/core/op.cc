// The registry of op records, and their builder.
#include "rush/core/op.h"

#include <deque>
#include <map>
#include <mutex>

#include "rush/core/node.h"

namespace rush {
namespace {

struct Registry {
  std::mutex mutex;
  std::deque<Op> ops;  // addresses stay put
  std::map<std::string, Op*, std::less<>> by_name;
};

Registry& registry() {
  static Registry* r = new Registry;  // records outlive every static tensor
  return *r;
}

}  // namespace

std::string to_text(const Spec& s) { return to_text(s.dtype) + to_text(s.shape); }

std::vector<const Op*> all_ops() {
  Registry& r = registry();
  const std::scoped_lock lock(r.mutex);
  std::vector<const Op*> ops;
  for (const Op& op : r.ops) ops.push_back(&op);
  return ops;
}

const Op* find_op(std::string_view name) {
  Registry& r = registry();
  const std::scoped_lock lock(r.mutex);
  const auto it = r.by_name.find(name);
  return it == r.by_name.end() ? nullptr : it->second;
}

size_t Op::required_args() const {
  size_t n = 0;
  for (const std::string& a : args)
    if (a.back() != '?' && a.back() != '*') ++n;
  return n;
}

Define::Define(std::string name, std::string doc) {
  Registry& r = registry();
  const std::scoped_lock lock(r.mutex);
  op_ = &r.ops.emplace_back();
  op_->name = std::move(name);
  op_->doc = std::move(doc);
  if (!r.by_name.emplace(op_->name, op_).second)
    fail("define: there are two ops called ", op_->name);
}

Define& Define::args(std::initializer_list<const char*> names) {
  op_->args.assign(names.begin(), names.end());
  return *this;
}
Define& Define::outputs(int n) {
  op_->outputs = static_cast<uint8_t>(n);
  return *this;
}
Define& Define::elementwise(Types types) {
  op_->is_elementwise = true;
  op_->types = types;
  return *this;
}
Define& Define::dtypes(std::initializer_list<DType> claimed) {
  op_->dtypes = 0;
  for (DType t : claimed) op_->dtypes |= static_cast<uint16_t>(1u << static_cast<int>(t));
  return *this;
}
Define& Define::floating_only() { return dtypes({float16, bfloat16, float32, float64}); }
Define& Define::random() {
  op_->is_random = true;
  return *this;
}
Define& Define::mutates(std::initializer_list<int> inputs) {
  for (int i : inputs) op_->mutates |= 1u << i;
  return *this;
}
Define& Define::mutates(MutatesRule rule) {
  op_->mutates_rule = rule;
  return *this;
}
Define& Define::shape(InferRule rule) {
  op_->infer = rule;
  return *this;
}
Define& Define::view(ViewRule rule) {
  op_->is_view = true;
  op_->view = rule;
  return *this;
}
Define& Define::body(BodyRule rule) {
  op_->body = rule;
  return *this;
}

}  // namespace rush
