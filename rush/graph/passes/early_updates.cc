// An optimiser's step over a list of parameters stands at the end of a training step, so that all
// gradients live until then. A large parameter gets a step of its own, as soon as its gradient is
// there and nobody reads its old value any more.
#include <algorithm>

#include "rush/graph/passes/passes.h"

namespace rush::graph {
namespace {

constexpr size_t kLargeBytes = 1 << 20;  // below, one call for all costs less

// The lists of a step have one length: that of the first, parameters, which are written; gradients,
// which are not, follow. 0: no such step.
size_t length_of_lists(const Instruction& i) {
  const auto& writes = i.writes_input;
  const auto first_read = std::find(writes.begin(), writes.end(), false);
  const auto n = static_cast<size_t>(first_read - writes.begin());
  if (!i.out.empty() || n == 0 || n >= i.in.size() || i.in.size() % n != 0) return 0;
  return n;
}

// Moves what concerns parameter k out of the step.
Instruction take_out(Instruction& step, size_t k, size_t n) {
  Instruction own = step;
  own.in.clear();
  own.writes_input.clear();
  own.note = "early";
  for (size_t at = k; at < step.in.size(); at += n) {
    own.in.push_back(step.in[at]);
    own.writes_input.push_back(step.writes_input[at]);
  }
  for (size_t list = step.in.size() / n; list-- > 0;) {
    const auto at = static_cast<std::ptrdiff_t>(list * n + k);
    step.in.erase(step.in.begin() + at);
    step.writes_input.erase(step.writes_input.begin() + at);
  }
  return own;
}

}  // namespace

void early_updates(Program& program) {
  std::vector<Instruction> out;
  for (Instruction& i : program.instructions) {
    size_t n = length_of_lists(i);
    for (size_t k = n; k-- > 0 && n > 1;) {
      if (program.buffers[i.in[k].buffer].bytes < kLargeBytes) continue;
      Instruction own = take_out(i, k, n--);
      size_t at = out.size();
      while (at > 0 && !depend(out[at - 1], own)) --at;
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), std::move(own));
    }
    out.push_back(std::move(i));
  }
  program.instructions = std::move(out);
}

}  // namespace rush::graph
