// Common subexpressions: an instruction that computes the same of the same values as an earlier one
// is left out, and its readers read the earlier one's result.
#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

constexpr size_t kMostConstantBytes = 4096;  // of constants that are compared with each other

size_t combine(size_t a, size_t b) { return (a ^ b) * 0x9e3779b97f4a7c15u + (a >> 29); }

class Merger {
 public:
  explicit Merger(Program& program)
      : program_(program),
        uses_(uses_of(program)),
        now_(program.buffers.size()),
        version_(program.buffers.size()),
        is_removed_(program.instructions.size()) {
    std::iota(now_.begin(), now_.end(), 0);
    seen_.reserve(program.instructions.size());
  }

  void run() {
    merge_constants();
    for (size_t k = 0; k < program_.instructions.size(); ++k) {
      Instruction& i = program_.instructions[k];
      for (Operand& o : i.in) rename(o);
      is_removed_[k] = is_mergeable(i) && merge(static_cast<int>(k));
      if (!is_removed_[k]) for_each_write(i, [&](const Operand& o) { ++version_[o.buffer]; });
    }
    for (Operand& o : program_.results) rename(o);
    erase_marked(program_, is_removed_);
  }

 private:
  struct Seen {
    int index;
    std::vector<int> versions;  // of its inputs when it ran
  };

  void rename(Operand& o) const {
    if (o.buffer != kNoBuffer) o.buffer = now_[o.buffer];
  }

  void merge_constants() {
    std::unordered_map<std::string_view, BufferId> known;
    for (size_t b = 0; b < program_.buffers.size(); ++b) {
      const Buffer& buffer = program_.buffers[b];
      if (buffer.kind != BufferKind::kConstant || buffer.bytes > kMostConstantBytes) continue;
      const std::string_view bytes(static_cast<const char*>(buffer.storage->data()), buffer.bytes);
      now_[b] = known.try_emplace(bytes, static_cast<BufferId>(b)).first->second;
    }
  }

  bool is_mergeable(const Instruction& i) const {
    if (i.form == Form::kFused || i.is_random() || i.is_recomputed || i.refresh_attrs ||
        i.out.empty())
      return false;
    for (size_t k = 0; k < i.writes_input.size(); ++k)
      if (i.writes(k) && i.in[k].buffer != kNoBuffer) return false;
    for (const Operand& o : i.out)
      if (!is_value(program_, uses_, o)) return false;
    return true;
  }

  // Whether an earlier instruction stands for this one from now on; otherwise it is remembered.
  bool merge(int k) {
    const Instruction& i = program_.instructions[k];
    const size_t hash = hash_of(i);
    const auto [begin, end] = seen_.equal_range(hash);
    for (auto s = begin; s != end; ++s)
      if (same(s->second, i)) {
        for (size_t o = 0; o < i.out.size(); ++o) replace(i.out[o], s->second.index, o);
        return true;
      }
    Seen seen{k, {}};
    for (const Operand& o : i.in) seen.versions.push_back(version_of(o));
    seen_.emplace(hash, std::move(seen));
    return false;
  }
  void replace(const Operand& out, int by, size_t output) {
    const BufferId b = program_.instructions[by].out[output].buffer;
    now_[out.buffer] = b;
    uses_[b].is_result = uses_[b].is_result || uses_[out.buffer].is_result;
  }

  int version_of(const Operand& o) const { return o.buffer == kNoBuffer ? 0 : version_[o.buffer]; }

  size_t hash_of(const Instruction& i) const {
    size_t h = combine(std::hash<const Op*>()(i.op), static_cast<size_t>(i.computing));
    for (const Operand& o : i.in) {
      h = combine(h, static_cast<size_t>(o.buffer) * 31 + static_cast<size_t>(version_of(o)));
      h = combine(h, static_cast<size_t>(o.layout.offset));
    }
    for (int64_t n : i.out[0].layout.shape) h = combine(h, static_cast<size_t>(n));
    return h;
  }

  bool same(const Seen& seen, const Instruction& b) const {
    const Instruction& a = program_.instructions[seen.index];
    if (a.op != b.op || a.form != b.form || a.computing != b.computing || !(a.in == b.in) ||
        a.out.size() != b.out.size() || (a.attrs.data() == nullptr) != (b.attrs.data() == nullptr))
      return false;
    for (size_t k = 0; k < b.in.size(); ++k)
      if (seen.versions[k] != version_of(b.in[k])) return false;
    for (size_t k = 0; k < b.out.size(); ++k) {
      const Operand &x = a.out[k], &y = b.out[k];
      // Two results are two tensors: whoever gets them may change one.
      if (uses_[x.buffer].is_result && uses_[y.buffer].is_result) return false;
      if (x.dtype != y.dtype || !(x.layout.shape == y.layout.shape) ||
          !same_strides(x.layout.shape, x.layout.strides, y.layout.strides))
        return false;
    }
    return !a.attrs.data() || a.attrs.ref().type->equal(a.attrs.data(), b.attrs.data());
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<BufferId> now_;  // the buffer that stands for each one
  std::vector<int> version_;   // writes so far
  std::vector<bool> is_removed_;
  std::unordered_multimap<size_t, Seen> seen_;
};

}  // namespace

void merge_common(Program& program) { Merger(program).run(); }

}  // namespace rush::graph
