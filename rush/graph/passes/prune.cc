// Backward over the program, keeping what somebody still reads. Of each buffer the range of bytes
// is tracked that is read later; a write of the whole buffer ends it.
#include <algorithm>

#include "rush/graph/passes/passes.h"

namespace rush::graph {
namespace {

class Liveness {
 public:
  explicit Liveness(const Program& program) : buffers_(program.buffers), live_(buffers_.size()) {
    for (size_t b = 0; b < buffers_.size(); ++b)
      if (buffers_[b].kind == BufferKind::kState)
        live_[b] = {0, static_cast<int64_t>(buffers_[b].bytes)};
    for (const Operand& o : program.results) read(o);
  }
  bool is_needed(const Instruction& i) const {
    bool needed = i.is_random();  // others draw from the same stream after it
    for_each_write(i, [&](const Operand& o) { needed |= is_live(o); });
    return needed;
  }
  // What is live before an instruction that stays.
  void step_over(const Instruction& i) {
    for (const Operand& o : i.out)
      if (o.buffer != kNoBuffer && covers(o, buffers_[o.buffer].bytes)) live_[o.buffer] = {};
    for (const Operand& o : i.in) read(o);
  }

 private:
  bool is_live(const Operand& o) const {
    const ByteRange range = range_of(o), &live = live_[o.buffer];
    return range.begin < live.end && live.begin < range.end;
  }
  void read(const Operand& o) {
    if (o.buffer == kNoBuffer) return;
    const ByteRange range = range_of(o);
    ByteRange& live = live_[o.buffer];
    if (live.begin == live.end)
      live = range;
    else if (range.begin != range.end)
      live = {std::min(live.begin, range.begin), std::max(live.end, range.end)};
  }

  const std::vector<Buffer>& buffers_;
  std::vector<ByteRange> live_;
};

void drop_dead_instructions(Program& program) {
  Liveness live(program);
  auto& list = program.instructions;
  size_t kept = list.size();
  for (size_t k = list.size(); k-- > 0;) {
    if (!live.is_needed(list[k])) continue;
    live.step_over(list[k]);
    if (--kept != k) list[kept] = std::move(list[k]);
  }
  list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept));
}

template <typename F>
void for_each_operand(Program& program, F&& f) {
  for (Instruction& i : program.instructions)
    for (auto* operands : {&i.in, &i.out})
      for (Operand& o : *operands)
        if (o.buffer != kNoBuffer) f(o);
  for (Operand& o : program.results) f(o);
}

void drop_unused_buffers(Program& program) {
  std::vector<BufferId> renumbered(program.buffers.size(), kNoBuffer);
  for_each_operand(program, [&](Operand& o) { renumbered[o.buffer] = 0; });
  BufferId next = 0;
  for (size_t b = 0; b < renumbered.size(); ++b) {
    if (renumbered[b] == kNoBuffer) continue;
    renumbered[b] = next;
    if (next != static_cast<BufferId>(b)) program.buffers[next] = std::move(program.buffers[b]);
    ++next;
  }
  program.buffers.resize(next);
  for_each_operand(program, [&](Operand& o) { o.buffer = renumbered[o.buffer]; });
}

}  // namespace

void prune(Program& program) {
  drop_dead_instructions(program);
  drop_unused_buffers(program);
}

}  // namespace rush::graph
