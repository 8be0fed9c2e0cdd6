// Deferred application, what the tape keeps, memory and threads.
#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/cases/replay.h"
#include "rush/tensor/allocator.h"

namespace rush::testing {

namespace {

bool checks_gradients(const OpCase& row) {
  const Op& op = record_of(row);
  return row.gradient && has_gradient(op) && !op.writes_in_place() && !op.is_random;
}

void check_specs(const Tensors& deferred, const Tensors& eager, Report& report) {
  for (size_t k = 0; k < eager.size(); ++k) {
    if (!eager[k].defined()) continue;
    if (deferred[k].shape() != eager[k].shape() || deferred[k].dtype() != eager[k].dtype())
      report.add("output ", k, " is ", deferred[k].dtype(), deferred[k].shape(), ", eager gives ",
                 eager[k].dtype(), eager[k].shape());
  }
}

void compare_deferred(const OpCase& row, DType t, Report& report) {
  const Tensors inputs = make_inputs(row, t);
  const Tensors placeholders = placeholders_for(inputs);
  const Tensors deferred = row.run(placeholders);
  const Tensors eager = row.run(make_inputs(row, t));
  if (deferred.size() != eager.size()) {
    report.add(deferred.size(), " outputs, eager gives ", eager.size());
    return;
  }
  check_specs(deferred, eager, report);
  if (record_of(row).is_random) return;
  if (std::string text = bit_difference(replay(deferred, placeholders, inputs), eager);
      !text.empty())
    report.add(text);
  if (!checks_gradients(row) || !is_floating(t)) return;
  const Tensors want = gradients_of(row, make_inputs(row, t, true));
  const Tensors symbolic = gradients_of(row, placeholders);
  if (want.empty()) return;
  report.at("deferred gradients");
  Tensors compared, wanted;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!want[i].defined()) continue;
    wanted.push_back(want[i]);
    compared.push_back(symbolic[i]);
  }
  if (std::string text = bit_difference(replay(compared, placeholders, inputs), wanted);
      !text.empty())
    report.add(text);
}

// What the rules of those inputs read whose gradient may be asked for.
Saves wanted_saves(const Node& node) {
  const Op& op = *node.op;
  if (op.joint_grad) return op.saves[0];
  Saves all;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.inputs[i] || op.saves.empty()) continue;
    const Saves& one = op.saves[std::min(i, op.saves.size() - 1)];
    all = {all.x | one.x, all.y | one.y, all.spec | one.spec};
  }
  return all;
}

// A saved value must be named by such a rule. Ops without rules take their gradient through the
// body, which may read every input.
void check_node(const Node& node, Report& report) {
  if (node.op->has_body_gradient()) return;
  const Saves wanted = wanted_saves(node);
  for (const Saved& s : node.saved) {
    const bool is_output = s.slot >= Saved::kOutput;
    const int i = is_output ? s.slot - Saved::kOutput : s.slot;
    const uint32_t values = is_output ? wanted.y : wanted.x;
    const uint32_t bit = 1u << std::min(i, 31);
    const bool is_named = s.storage ? (values & bit) : ((values | wanted.spec) & bit);
    if (!is_named)
      report.add("the tape of ", node.op->name, " keeps ", is_output ? "output " : "input ", i,
                 ", which no rule in use names");
  }
}

class ThreadCount {
 public:
  explicit ThreadCount(int n) : before_(num_threads()), was_(is_deterministic()) {
    set_num_threads(n);
    set_deterministic(true);
  }
  ~ThreadCount() {
    set_num_threads(before_);
    set_deterministic(was_);
  }

 private:
  int before_;
  bool was_;
};

// Inputs large enough for several blocks, where every shape of the row is the same.
Tensors thread_inputs(const OpCase& row, DType t) {
  const Op& op = record_of(row);
  bool same = op.is_elementwise;
  for (const In& in : row.in) same = same && in.shape == row.in[0].shape;
  if (!same) return make_inputs(row, t, checks_gradients(row));
  Tensors inputs = make_inputs(row, std::vector<Shape>(row.in.size(), Shape{3, 33001}), t);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].defined() && checks_gradients(row) && is_floating(t) &&
        is_differentiable_kind(row.in[i].kind))
      inputs[i].requires_grad_();
  return inputs;
}

}  // namespace

void check_deferred(const OpCase& row, Report& report) {
  report.at("deferred");
  const DType t = widest_claimed(record_of(row));
  try {
    if (row.deferred) {
      compare_deferred(row, t, report);
    } else {
      row.run(placeholders_for(make_inputs(row, t)));
      report.add("works on placeholders, though the row says it does not");
    }
  } catch (const Error& e) {
    if (row.deferred) report.add("raised: ", e.what());
  } catch (const std::exception& e) {
    report.add("raised: ", e.what());
  }
  report.at("");
}

void check_tape(const OpCase& row, Report& report) {
  if (!checks_gradients(row)) return;
  report.at("tape");
  try {
    const Tensors outputs = row.run(make_inputs(row, float64, true));
    for (const Node* node : nodes_behind(outputs))
      if (!node->is_leaf()) check_node(*node, report);
  } catch (const std::exception& e) {
    report.add("raised: ", e.what());
  }
  report.at("");
}

void check_memory(const OpCase& row, Report& report) {
  report.at("memory");
  const DType t = widest_claimed(record_of(row));
  const auto use = [&] {
    const Tensors inputs = make_inputs(row, t, checks_gradients(row));
    row.run(inputs);
    if (checks_gradients(row)) gradients_of(row, inputs);
  };
  try {
    use();  // fills what is cached on purpose
    const int64_t before = memory_stats().allocated;
    use();
    if (const int64_t leaked = memory_stats().allocated - before; leaked != 0)
      report.add(leaked, " bytes are not given back");
  } catch (const std::exception& e) {
    report.add("raised: ", e.what());
  }
  report.at("");
}

void check_threads(const OpCase& row, Report& report) {
  const Op& op = record_of(row);
  if (op.is_random && !row.naive) return;
  const DType t = (op.dtypes >> static_cast<int>(float32)) & 1 ? float32 : widest_claimed(op);
  Tensors outputs, gradients;
  for (int threads : {1, 2, 4}) {
    report.at(concat({threads, " threads"}));
    try {
      const ThreadCount scope(threads);
      const Tensors inputs = thread_inputs(row, t);
      const Tensors got = row.run(inputs);
      const Tensors dx = checks_gradients(row) ? gradients_of(row, inputs) : Tensors{};
      if (threads == 1) {
        outputs = got;
        gradients = dx;
        continue;
      }
      if (std::string text = bit_difference(got, outputs); !text.empty()) report.add(text);
      if (std::string text = bit_difference(dx, gradients); !text.empty())
        report.add("gradients: ", text);
    } catch (const std::exception& e) {
      report.add("raised: ", e.what());
    }
  }
  report.at("");
}

}  // namespace rush::testing
