// Greedy: instructions come one after another, each as a unit of its own that is merged with
// earlier units it reads from or shares inputs with. Two units may become one when all between them
// are independent of the later one (which then moves up) or of the earlier one (which moves down),
// so the list of units is an order in which they may run at any time.
#include <algorithm>
#include <bitset>

#include "rush/graph/passes/fusion_group.h"
#include "rush/graph/passes/passes.h"

namespace rush::graph {
namespace {

constexpr int kWindow = 64;       // units that are looked back over
constexpr int kNear = 4;          // moves past so few units change lifetimes little
constexpr int64_t kSmall = 4096;  // bytes that may live longer at no cost
constexpr int64_t kFewNumbers = 4096;
constexpr size_t kMostMembers = kernels::kMaxFusedSteps + kernels::kMaxFusedOutputs;

struct Access {
  BufferId buffer;
  ByteRange range;
  bool is_write;
};

// Which buffers may be among some: tells most units that have nothing in common apart.
class BufferSet {
 public:
  void add(BufferId b) { bits_.set(static_cast<size_t>(b + 1) % kBits); }
  void add(const BufferSet& o) { bits_ |= o.bits_; }
  bool may_meet(const BufferSet& o) const { return (bits_ & o.bits_).any(); }

 private:
  static constexpr size_t kBits = 256;
  std::bitset<kBits> bits_;
};

struct Unit {
  std::vector<int> members;
  std::vector<Access> accesses;
  BufferSet touched, written;
  bool is_open = false;  // made of element-wise instructions
  bool is_sum = false;
  bool is_recomputed = false;
};

class Fuser {
 public:
  Fuser(Program& program, bool with_sums)
      : program_(program), uses_(uses_of(program)), with_sums_(with_sums) {}

  void run() {
    for (size_t i = 0; i < program_.instructions.size(); ++i) {
      units_.push_back(unit_of(static_cast<int>(i)));
      int at = static_cast<int>(units_.size()) - 1;
      while (at >= 0) at = merge_back(at);
    }
    std::vector<Instruction> out;
    for (const Unit& unit : units_) {
      const auto group =
          unit.members.size() > 1 || is_small_sum(unit) ? build(unit.members) : std::nullopt;
      out.push_back(group ? group->fused() : std::move(program_.instructions[unit.members[0]]));
    }
    program_.instructions = std::move(out);
  }

 private:
  Unit unit_of(int index) const {
    const Instruction& i = program_.instructions[index];
    Unit unit;
    unit.members = {index};
    const FusionRole role = fusion_role(i);
    unit.is_open = role == FusionRole::kStep;
    unit.is_sum = role == FusionRole::kSum && with_sums_;
    unit.is_recomputed = i.is_recomputed;
    for (const Operand& o : i.in)
      if (o.buffer != kNoBuffer) unit.accesses.push_back({o.buffer, range_of(o), false});
    for_each_write(i, [&](const Operand& o) {
      unit.accesses.push_back({o.buffer, range_of(o), true});
    });
    // What draws random numbers keeps its order: as if it wrote to one place.
    if (i.is_random()) unit.accesses.push_back({kNoBuffer, {0, 1}, true});
    for (const Access& a : unit.accesses) {
      unit.touched.add(a.buffer);
      if (a.is_write) unit.written.add(a.buffer);
    }
    return unit;
  }

  // A sum of few numbers costs less as a chain: that is prepared once, the kernel at every call.
  bool is_small_sum(const Unit& unit) const {
    if (!unit.is_sum) return false;
    const Layout& in = program_.instructions[unit.members[0]].in[0].layout;
    return in.numel() <= kFewNumbers && is_dense(in.shape, in.strides);
  }

  // What is written there counts for what is read there, too.
  static void add_access(std::vector<Access>& all, const Access& added) {
    for (Access& a : all) {
      if (a.buffer != added.buffer || a.range.begin != added.range.begin ||
          a.range.end != added.range.end)
        continue;
      a.is_write |= added.is_write;
      return;
    }
    all.push_back(added);
  }

  static bool meet(const Access& a, const Access& b) {
    return a.buffer == b.buffer && a.range.begin < b.range.end && b.range.begin < a.range.end;
  }
  static bool depend(const Unit& a, const Unit& b) {
    if (!a.written.may_meet(b.touched) && !b.written.may_meet(a.touched)) return false;
    for (const Access& x : a.accesses)
      for (const Access& y : b.accesses)
        if ((x.is_write || y.is_write) && meet(x, y)) return true;
    return false;
  }
  static bool related(const Unit& a, const Unit& b) {
    if (!a.touched.may_meet(b.touched)) return false;
    for (const Access& x : a.accesses)
      for (const Access& y : b.accesses)
        if (meet(x, y) && x.range.end - x.range.begin > 8) return true;
    return false;
  }

  std::optional<FusionGroup> build(const std::vector<int>& members) const {
    FusionGroup group(program_, uses_);
    for (int m : members)
      if (!group.add(m)) return std::nullopt;
    if (!group.is_runnable()) return std::nullopt;
    return group;
  }

  // Merges the unit at `at` with an earlier one; where the result stands, or -1.
  int merge_back(int at) {
    if (!units_[at].is_open && !units_[at].is_sum) return -1;
    bool moves_up = true;  // all units looked at are independent of the later one
    for (int u = at - 1; u >= std::max(0, at - kWindow); --u) {
      const bool fits = units_[u].members.size() + units_[at].members.size() <= kMostMembers;
      if (units_[u].is_open && fits && related(units_[u], units_[at])) {
        if (moves_up && may_move_up(u, at) && merge(u, at, u)) return u;
        if (is_free_to(u, at) && may_move_down(u, at) && merge(u, at, at - 1)) return at - 1;
      }
      moves_up = moves_up && !depend(units_[u], units_[at]);
      if (!moves_up && units_[at].is_sum) return -1;
    }
    return -1;
  }

  // All units between are independent of the earlier one.
  bool is_free_to(int u, int at) const {
    for (int k = u + 1; k < at; ++k)
      if (depend(units_[u], units_[k])) return false;
    return true;
  }

  int64_t bytes_of(BufferId b) const { return static_cast<int64_t>(program_.buffers[b].bytes); }
  bool is_temporary(const Access& a) const {
    return a.buffer != kNoBuffer && program_.buffers[a.buffer].kind == BufferKind::kTemporary;
  }

  // Moving up makes results live longer, unless inputs die for it.
  bool may_move_up(int u, int at) const {
    if (at - u <= kNear) return true;
    if (units_[at].is_recomputed) return false;
    int64_t bytes = 0;
    for (const Access& a : units_[at].accesses) {
      if (!is_temporary(a)) continue;
      if (a.is_write)
        bytes += bytes_of(a.buffer);
      else if (uses_[a.buffer].readers.back() <= units_[at].members.back())
        bytes -= bytes_of(a.buffer);
    }
    return bytes <= kSmall;
  }
  // Moving down makes inputs live longer, which pays when the results are short-lived then.
  bool may_move_down(int u, int at) const {
    if (at - u <= kNear) return true;
    int64_t bytes = 0;
    const int end = units_[at].members.back();
    for (const Access& a : units_[u].accesses) {
      if (!is_temporary(a)) continue;
      if (a.is_write)
        bytes -= bytes_of(a.buffer);
      else if (uses_[a.buffer].readers.back() < end && !uses_[a.buffer].is_result)
        bytes += bytes_of(a.buffer);
    }
    return bytes <= kSmall;
  }

  bool merge(int u, int at, int to) {
    std::vector<int> members = units_[u].members;
    members.insert(members.end(), units_[at].members.begin(), units_[at].members.end());
    if (!build(members)) return false;
    Unit merged;
    merged.members = std::move(members);
    merged.accesses = units_[u].accesses;
    for (const Access& a : units_[at].accesses) add_access(merged.accesses, a);
    for (const int part : {u, at}) {
      merged.touched.add(units_[part].touched);
      merged.written.add(units_[part].written);
    }
    merged.is_open = true;
    merged.is_recomputed = units_[u].is_recomputed || units_[at].is_recomputed;
    units_.erase(units_.begin() + at);
    units_.erase(units_.begin() + u);
    units_.insert(units_.begin() + to, std::move(merged));
    return true;
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  bool with_sums_;
  std::vector<Unit> units_;
};

}  // namespace

void fuse_elementwise(Program& program, bool with_sums) { Fuser(program, with_sums).run(); }

}  // namespace rush::graph
