// Contractions that do not depend on each other run side by side where that pays: each takes long
// enough to be worth handing over, but not so long that two threads share it well. Members are
// brought together by moving the later ones up, as far as nothing they depend on is in between.
#include <string_view>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

// Microseconds on one thread, and what a thread computes in one.
constexpr double kLeast = 15, kMost = 60;
constexpr double kMultiplyAdds = 40e3;
constexpr double kMostUneven = 2;  // between the slowest and the fastest of a group
constexpr int kWindow = 12;        // instructions that are looked ahead over
constexpr size_t kMostMembers = 4;

double microseconds(const Instruction& i) {
  if (i.form != Form::kKernel || i.out.size() != 1) return 0;
  const Shape& out = i.out[0].layout.shape;
  const std::string_view name = i.op->name;
  if (name != "matmul" && name != "linear") return 0;
  const auto depth = static_cast<double>(i.in[0].layout.shape.back());
  return static_cast<double>(numel(out)) * depth / kMultiplyAdds;
}
bool is_fit(double cost) { return cost >= kLeast && cost <= kMost; }

class Grouper {
 public:
  explicit Grouper(Program& program) : list_(program.instructions) {}

  void run() {
    int group = 0;
    for (size_t k = 0; k < list_.size(); ++k) {
      const size_t members = gather(k);
      if (members < 2) continue;
      for (size_t m = 0; m < members; ++m) list_[k + m].group = group;
      ++group;
      k += members - 1;
    }
  }

 private:
  // Brings instructions that may run beside number `first` behind it; how many stand together.
  size_t gather(size_t first) {
    const double cost = microseconds(list_[first]);
    if (!is_fit(cost)) return 1;
    size_t members = 1;
    for (size_t k = first + 1; k < std::min(list_.size(), first + kWindow); ++k) {
      const double other = microseconds(list_[k]);
      const bool is_even = other <= cost * kMostUneven && cost <= other * kMostUneven;
      if (!is_fit(other) || !is_even || !may_move(k, first)) continue;
      const auto at = list_.begin() + static_cast<std::ptrdiff_t>(first + members);
      std::rotate(at, list_.begin() + static_cast<std::ptrdiff_t>(k),
                  list_.begin() + static_cast<std::ptrdiff_t>(k) + 1);
      if (++members == kMostMembers) break;
    }
    return members;
  }
  bool may_move(size_t from, size_t to) const {
    for (size_t k = to; k < from; ++k)
      if (depend(list_[k], list_[from])) return false;
    return true;
  }

  std::vector<Instruction>& list_;
};

}  // namespace

void group_branches(Program& program) { Grouper(program).run(); }

}  // namespace rush::graph
