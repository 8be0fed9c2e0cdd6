// Placing temporaries in the arena: element-wise results take over an input that dies with them;
// the rest is placed, in several orders, at the lowest offset that is free for as long as it lives.
#include <algorithm>
#include <functional>
#include <numeric>

#include "rush/graph/plan.h"
#include "rush/tensor/storage.h"

namespace rush::graph {
namespace {

constexpr int64_t kAlign = 64;
constexpr size_t kManyBuffers = 2000;  // for which one order must do

struct Life {
  int begin = -1, end = -1;  // first and last instruction, counted in steps (a group is one step)
  bool is_used() const { return begin >= 0; }
  void add(int step) {
    if (begin < 0) begin = step;
    end = std::max(end, step);
  }
  bool meets(const Life& o) const { return begin <= o.end && o.begin <= end; }
};

// Instructions of one group run at once and so count as one step.
std::vector<int> steps_of(const Program& program) {
  std::vector<int> steps;
  int step = -1, group = -1;
  for (const Instruction& i : program.instructions) {
    if (i.group < 0 || i.group != group) ++step;
    group = i.group;
    steps.push_back(step);
  }
  return steps;
}

// A chain runs step by step over each block: an output may lie over an input that no later step
// reads.
bool chain_allows(const kernels::FusedChain& chain, int in, int out) {
  const int inputs = static_cast<int>(chain.inputs.size());
  const int maker = chain.outputs[out].value - inputs;
  if (maker < 0) return false;  // an input as it came
  for (int s = maker + 1; s < static_cast<int>(chain.steps.size()); ++s)
    for (const int value : chain.steps[s].in)
      if (value == in) return false;
  return true;
}

class Placer {
 public:
  Placer(const Program& program, const std::vector<bool>& outside)
      : program_(program), outside_(outside), lives_(program.buffers.size()) {
    plan_.offsets.assign(program.buffers.size(), -1);
    plan_.shares.assign(program.buffers.size(), kNoBuffer);
  }

  MemoryPlan run() {
    find_lives();
    for (size_t i = 0; i < program_.instructions.size(); ++i) share_in_place(static_cast<int>(i));
    place();
    return std::move(plan_);
  }

 private:
  bool is_placed(BufferId b) const {
    return b >= 0 && program_.buffers[b].kind == BufferKind::kTemporary && !outside_[b];
  }

  void find_lives() {
    steps_ = steps_of(program_);
    for (size_t i = 0; i < program_.instructions.size(); ++i) {
      const Instruction& instruction = program_.instructions[i];
      for (const Operand& o : instruction.in)
        if (is_placed(o.buffer)) lives_[o.buffer].add(steps_[i]);
      for (const Operand& o : instruction.out)
        if (is_placed(o.buffer)) lives_[o.buffer].add(steps_[i]);
    }
    const int last = steps_.empty() ? 0 : steps_.back() + 1;
    for (const Operand& o : program_.results)
      if (is_placed(o.buffer)) lives_[o.buffer].add(last);
  }

  // The buffer that holds the memory of b after sharing.
  BufferId home(BufferId b) const {
    while (plan_.shares[b] != kNoBuffer) b = plan_.shares[b];
    return b;
  }

  // Element-wise kernels may write exactly over an input. The input must be read for the last time
  // here, and by this operand alone.
  void share_in_place(int index) {
    const Instruction& i = program_.instructions[index];
    if (i.form == Form::kKernel || i.group >= 0) return;
    std::vector<bool> is_taken(i.in.size());
    for (size_t k = 0; k < i.out.size(); ++k) {
      const Operand& out = i.out[k];
      if (!is_placed(out.buffer) || plan_.shares[out.buffer] != kNoBuffer) continue;
      if (lives_[out.buffer].begin != steps_[index] || !is_whole(out)) continue;
      for (size_t j = 0; j < i.in.size(); ++j) {
        if (is_taken[j] || !may_take(i, index, static_cast<int>(k), static_cast<int>(j))) continue;
        is_taken[j] = true;
        const BufferId from = home(i.in[j].buffer);
        plan_.shares[out.buffer] = from;
        lives_[from].end = std::max(lives_[from].end, lives_[out.buffer].end);
        break;
      }
    }
  }

  bool is_whole(const Operand& o) const { return covers(o, program_.buffers[o.buffer].bytes); }

  bool may_take(const Instruction& i, int index, int out, int in) const {
    const Operand &to = i.out[out], &from = i.in[in];
    if (!is_placed(from.buffer) || from.buffer == to.buffer || !is_whole(from)) return false;
    if (size_of(from.dtype) != size_of(to.dtype) || from.layout.strides != to.layout.strides ||
        from.layout.shape != to.layout.shape)
      return false;
    if (i.form == Form::kFused && !chain_allows(*i.chain, in, out)) return false;
    for (size_t j = 0; j < i.in.size(); ++j)
      if (static_cast<int>(j) != in && i.in[j].buffer >= 0 && is_placed(i.in[j].buffer) &&
          home(i.in[j].buffer) == home(from.buffer))
        return false;
    for (size_t k = 0; k < i.out.size(); ++k)
      if (i.out[k].buffer == from.buffer) return false;
    return lives_[home(from.buffer)].end == steps_[index];
  }

  // Tries a few orders, as no single one is best: largest first, those that live longest first,
  // those that live through most bytes first.
  void place() {
    std::vector<BufferId> order;
    for (size_t b = 0; b < lives_.size(); ++b) {
      if (!lives_[b].is_used()) continue;
      plan_.sum_bytes += bytes_of(static_cast<BufferId>(b));
      if (plan_.shares[b] == kNoBuffer) order.push_back(static_cast<BufferId>(b));
    }
    const auto length = [&](BufferId b) { return int64_t{lives_[b].end} - lives_[b].begin + 1; };
    const std::function<int64_t(BufferId)> weights[] = {
        [&](BufferId b) { return bytes_of(b); }, length,
        [&](BufferId b) { return bytes_of(b) * length(b); }};
    const int64_t least = most_in_use(order);
    plan_.arena_bytes = -1;
    for (const auto& weight : weights) {
      std::stable_sort(order.begin(), order.end(),
                       [&](BufferId a, BufferId b) { return weight(a) > weight(b); });
      place_in(order);
      if (plan_.arena_bytes == least || order.size() > kManyBuffers) break;
    }
    for (size_t b = 0; b < lives_.size(); ++b)
      if (plan_.shares[b] != kNoBuffer)
        plan_.offsets[b] = plan_.offsets[home(static_cast<BufferId>(b))];
  }

  // Places in the order given, each buffer at the lowest offset that is free while it lives, and
  // keeps the result if it is the smallest so far.
  void place_in(const std::vector<BufferId>& order) {
    std::vector<int64_t> offsets(lives_.size(), -1);
    std::vector<BufferId> by_offset;  // those placed, by ascending offset
    int64_t arena = 0;
    for (const BufferId b : order) {
      const int64_t bytes = bytes_of(b);
      int64_t offset = 0;
      for (const BufferId o : by_offset) {
        if (!lives_[o].meets(lives_[b])) continue;
        if (offset + bytes <= offsets[o]) break;
        offset = std::max(offset, offsets[o] + bytes_of(o));
      }
      offsets[b] = offset;
      arena = std::max(arena, offset + bytes);
      const auto after = [&](int64_t at, BufferId o) { return at < offsets[o]; };
      by_offset.insert(std::upper_bound(by_offset.begin(), by_offset.end(), offset, after), b);
    }
    if (plan_.arena_bytes >= 0 && arena >= plan_.arena_bytes) return;
    plan_.arena_bytes = arena;
    plan_.offsets = std::move(offsets);
  }

  // What lives at once: no placement needs less.
  int64_t most_in_use(const std::vector<BufferId>& buffers) const {
    std::vector<int64_t> change(steps_.empty() ? 2 : static_cast<size_t>(steps_.back()) + 3);
    for (const BufferId b : buffers) {
      change[lives_[b].begin] += bytes_of(b);
      change[lives_[b].end + 1] -= bytes_of(b);
    }
    int64_t now = 0, most = 0;
    for (const int64_t c : change) most = std::max(most, now += c);
    return most;
  }

  int64_t bytes_of(BufferId b) const {
    const auto bytes = static_cast<int64_t>(program_.buffers[b].bytes);
    return std::max(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
  }

  const Program& program_;
  const std::vector<bool>& outside_;
  std::vector<int> steps_;
  std::vector<Life> lives_;
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(const Program& program, const std::vector<bool>& placed_outside) {
  return Placer(program, placed_outside).run();
}

}  // namespace rush::graph
