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

class EarlyUpdates {
 public:
  explicit EarlyUpdates(Program& program)
      : program_(program), uses_(uses_of(program)), behind_(program.instructions.size() + 1) {}

  void run() {
    for (size_t k = 0; k < program_.instructions.size(); ++k) split(static_cast<int>(k));
    for (auto& [k, rest] : smaller_) program_.instructions[k] = std::move(rest);
    std::vector<Instruction> out = std::move(behind_[0]);
    for (size_t k = 0; k < program_.instructions.size(); ++k) {
      out.push_back(std::move(program_.instructions[k]));
      for (Instruction& own : behind_[k + 1]) out.push_back(std::move(own));
    }
    program_.instructions = std::move(out);
  }

 private:
  bool is_large(const Operand& o) const { return program_.buffers[o.buffer].bytes >= kLargeBytes; }

  // Takes the large parameters out of step k; one stays in any case.
  void split(int k) {
    const Instruction& step = program_.instructions[k];
    const size_t n = length_of_lists(step);
    std::vector<size_t> large, others;
    for (size_t p = n; p-- > 0;) {
      const bool is_last = p == 0 && others.empty();
      (is_large(step.in[p]) && !is_last ? large : others).push_back(p);
    }
    if (large.empty()) return;
    Instruction bare = step;
    bare.in.clear();
    bare.writes_input.clear();
    const auto take = [&](Instruction& to, size_t at) {
      to.in.push_back(step.in[at]);
      to.writes_input.push_back(step.writes_input[at]);
    };
    for (auto p = large.rbegin(); p != large.rend(); ++p) {
      Instruction own = bare;
      own.note = "early";
      for (size_t at = *p; at < step.in.size(); at += n) take(own, at);
      behind_[last_before(own, k) + 1].push_back(std::move(own));
    }
    for (size_t list = 0; list < step.in.size(); list += n)
      for (auto p = others.rbegin(); p != others.rend(); ++p) take(bare, list + *p);
    smaller_.emplace_back(k, std::move(bare));
  }

  // The last instruction before `end` that must stay before `own`, or -1.
  int last_before(const Instruction& own, int end) const {
    int last = -1;
    const auto look = [&](const std::vector<int>& list) {
      auto at = std::lower_bound(list.begin(), list.end(), end);
      while (at != list.begin() && *--at > last)
        if (depend(program_.instructions[*at], own)) last = *at;
    };
    for (size_t k = 0; k < own.in.size(); ++k) {
      if (own.in[k].buffer == kNoBuffer) continue;
      look(uses_[own.in[k].buffer].writers);
      if (own.writes(k)) look(uses_[own.in[k].buffer].readers);
    }
    return last;
  }

  Program& program_;
  const std::vector<BufferUses> uses_;
  std::vector<std::vector<Instruction>> behind_;  // what goes behind instruction k - 1
  std::vector<std::pair<int, Instruction>> smaller_;
};

}  // namespace

void early_updates(Program& program) { EarlyUpdates(program).run(); }

}  // namespace rush::graph
