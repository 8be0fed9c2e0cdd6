// Rewrites that change no bit:
//  - a copy, or arithmetic that gives its input again (x * 1, neg(neg(x))): readers read the
//    original, as long as nobody writes there meanwhile;
//  - a copy of a value that nobody else reads: the maker writes to where the copy would go. Both
//    need readers, or a maker, that do not care how the other place is laid out;
//  - a buffer that is copied to a block of another one, or joined with others by cat: it is that
//    block from the beginning.
#include <cstring>

#include "rush/graph/passes/compose_layout.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"
#include "rush/kernels/attrs/movement.h"

namespace rush::graph {
namespace {

class Simplifier {
 public:
  explicit Simplifier(Program& program)
      : program_(program), uses_(uses_of(program)), is_removed_(program.instructions.size()) {}

  void run() {
    for (at_ = 0; at_ < static_cast<int>(program_.instructions.size()); ++at_) {
      const Instruction& i = program_.instructions[at_];
      const std::optional<Source> source = source_of(i);
      if (!source) {
        if (i.form == Form::kKernel && i.op->name == "cat") move_parts();
        continue;
      }
      if (source->operand == i.out[0])
        remove(at_);
      else
        forward(*source) || (is_copy(i) && (write_directly() || move_copy()));
    }
    erase_marked(program_, is_removed_);
  }

 private:
  // What an instruction gives again, as it was after instruction `since`.
  struct Source {
    Operand operand;
    int since;
  };
  Instruction& at(int i) { return program_.instructions[i]; }

  // ---- What is the same as what -----------------------------------------------------------

  std::optional<Source> source_of(const Instruction& i) const {
    if (is_copy(i)) return Source{i.in[0], at_};
    if (i.form != Form::kElementwise || i.refresh_attrs) return std::nullopt;
    const int input = neutral_input(i);
    if (input >= 0 && i.in[input].dtype == i.out[0].dtype) return Source{i.in[input], at_};
    return source_through(i);
  }

  // The input that comes out unchanged because the other one is neutral, or -1.
  int neutral_input(const Instruction& i) const {
    const std::string& name = i.op->name;
    const auto is = [&](size_t input, double value) { return is_number(i.in[input], value); };
    if (name == "mul") return is(1, 1) ? 0 : is(0, 1) ? 1 : -1;
    if (name == "div" || (name == "pow" && is_floating(i.computing))) return is(1, 1) ? 0 : -1;
    if (name == "sub") return is(1, 0.0) ? 0 : -1;
    // -0 + 0 is 0: only the negative zero is neutral.
    const double zero = is_floating(i.computing) ? -0.0 : 0.0;
    if (name == "add") return is(1, zero) ? 0 : is(0, zero) ? 1 : -1;
    if (name == "where") return is(0, 1) ? 1 : is(0, 0) ? 2 : -1;
    return -1;
  }
  // Whether all elements are this very number; the two zeros differ.
  bool is_number(const Operand& o, double value) const {
    if (o.buffer == kNoBuffer || !is_one_element(o)) return false;
    const Buffer& buffer = program_.buffers[o.buffer];
    if (buffer.kind != BufferKind::kConstant) return false;
    const char* data = static_cast<const char*>(buffer.storage->data()) + range_of(o).begin;
    return dispatch(o.dtype, [&]<typename T>() {
      T wanted;
      if constexpr (std::is_arithmetic_v<T>)
        wanted = static_cast<T>(value);
      else
        wanted = T(static_cast<float>(value));
      return std::memcmp(data, &wanted, sizeof wanted) == 0;
    });
  }

  // neg(neg(x)) is x; relu(relu(x)) is relu(x).
  std::optional<Source> source_through(const Instruction& i) const {
    const bool undoes = i.op->name == "neg";
    if (!undoes && i.op->name != "relu") return std::nullopt;
    const Operand& x = i.in[0];
    const int maker = maker_of(x);
    if (maker < 0) return std::nullopt;
    const Instruction& first = program_.instructions[maker];
    if (first.op != i.op || first.form != i.form) return std::nullopt;
    return undoes ? Source{first.in[0], maker} : Source{x, at_};
  }
  // The instruction that made this value, region and all, or -1.
  int maker_of(const Operand& x) const {
    if (x.buffer == kNoBuffer || !is_value(program_, uses_, x)) return -1;
    const int maker = uses_[x.buffer].writers[0];
    const Instruction& i = program_.instructions[maker];
    const bool is_whole = !is_removed_[maker] && i.form != Form::kFused && !i.out.empty();
    return is_whole && i.out[0] == x ? maker : -1;
  }

  // ---- Readers read the original ----------------------------------------------------------

  bool forward(const Source& source) {
    const Operand& original = source.operand;
    const Operand out = at(at_).out[0];
    if (!is_value(program_, uses_, out) || uses_[out.buffer].is_result ||
        original.buffer == out.buffer || out.layout.numel() == 0)
      return false;
    const std::vector<int> readers = uses_[out.buffer].readers;
    if (readers.empty() || is_written(original, source.since, readers.back() + 1)) return false;
    std::vector<Operand> rewritten;
    for (const int r : readers)
      for (const Operand& o : at(r).in)
        if (o.buffer == out.buffer && !rewrite(at(r), o, out, original, rewritten)) return false;
    size_t next = 0;
    for (const int r : readers)
      for (Operand& o : at(r).in)
        if (o.buffer == out.buffer) o = rewritten[next++];
    merge_indices(uses_[original.buffer].readers, readers);
    uses_[out.buffer].readers.clear();
    remove(at_);
    return true;
  }

  bool rewrite(const Instruction& reader, const Operand& o, const Operand& copy,
               const Operand& original, std::vector<Operand>& rewritten) const {
    if (o.dtype != copy.dtype) return false;
    // A reshape copies in row-major order: its result may be looked at in the shape of its source.
    const bool is_reshaped = !(copy.layout.shape == original.layout.shape);
    if (is_reshaped && !is_contiguous(copy.layout.shape, copy.layout.strides)) return false;
    const std::optional<Layout> layout = compose_layout(
        o.layout, is_reshaped ? Layout(original.layout.shape) : copy.layout, original.layout);
    if (!layout) return false;
    const bool is_alike = same_strides(o.layout.shape, o.layout.strides, layout->strides);
    if (!is_alike && !(reads_any_layout(reader) && reads_well(o.layout, *layout))) return false;
    rewritten.push_back({original.buffer, o.dtype, *layout});
    return true;
  }

  // Whether reading `scattered` costs no more than making and reading the dense copy did: rows that
  // were dense still are, or repeat one element.
  static bool reads_well(const Layout& dense, const Layout& scattered) {
    constexpr int64_t kShortRow = 8, kFew = 4096;
    if (dense.numel() <= kFew) return true;
    for (int d = 0; d < dense.rank(); ++d)
      if (dense.strides[d] == 1 && dense.shape[d] >= kShortRow && scattered.strides[d] > 1)
        return false;
    return true;
  }

  // Whether instructions in (after, before) write to the region.
  bool is_written(const Operand& region, int after, int before) const {
    const auto& writers = uses_[region.buffer].writers;
    for (auto at = std::upper_bound(writers.begin(), writers.end(), after);
         at != writers.end() && *at < before; ++at) {
      const int w = *at;
      bool meets = false;
      for_each_write(program_.instructions[w],
                     [&](const Operand& o) { meets |= overlap(o, region); });
      if (meets) return true;
    }
    return false;
  }
  bool is_read(const Operand& region, int after, int before) const {
    const auto& readers = uses_[region.buffer].readers;
    for (auto at = std::upper_bound(readers.begin(), readers.end(), after);
         at != readers.end() && *at < before; ++at)
      for (const Operand& o : program_.instructions[*at].in)
        if (overlap(o, region)) return true;
    return false;
  }

  // ---- The maker writes to where the copy would go ------------------------------------------

  bool write_directly() {
    const Operand from = at(at_).in[0], to = at(at_).out[0];
    if (from.buffer == kNoBuffer || !is_value(program_, uses_, from) ||
        uses_[from.buffer].is_result || uses_[from.buffer].readers.size() != 1 ||
        !(from.layout.shape == to.layout.shape))
      return false;
    const int maker = uses_[from.buffer].writers[0];
    Instruction& i = at(maker);
    if (is_removed_[maker] || i.form == Form::kFused) return false;
    const auto made = std::find_if(i.out.begin(), i.out.end(),
                                   [&](const Operand& o) { return o.buffer == from.buffer; });
    const std::optional<Operand> place = place_for(i, *made, from, to);
    if (!place) return false;
    for (const Operand& o : i.in)
      if (overlap(o, to) && !(i.form == Form::kElementwise && o == to)) return false;
    for (const Operand& o : i.out)
      if (&o != &*made && (o.buffer == from.buffer || overlap(o, to))) return false;
    if (is_read(to, maker, at_) || is_written(to, maker, at_)) return false;
    *made = *place;
    merge_indices(uses_[to.buffer].writers, {maker});
    uses_[from.buffer].writers.clear();
    remove(at_);
    return true;
  }

  // Where a result lies when its copy, from `from` to `to`, is made right away, if its kernel
  // writes to any place with the same bits, or to this one as it did to the other.
  static std::optional<Operand> place_for(const Instruction& i, const Operand& made,
                                          const Operand& from, const Operand& to) {
    const bool is_alike = same_strides(to.layout.shape, from.layout.strides, to.layout.strides);
    if (made == from && (i.form == Form::kElementwise || is_alike)) return to;
    if (made.dtype != to.dtype || !writes_any_layout(i)) return std::nullopt;
    const std::optional<Layout> layout = compose_layout(made.layout, from.layout, to.layout);
    if (!layout) return std::nullopt;
    return Operand{to.buffer, to.dtype, *layout};
  }

  // ---- A buffer becomes a block of another one ----------------------------------------------

  bool move_copy() {
    const Operand from = at(at_).in[0], to = at(at_).out[0];
    if (!(from.layout.shape == to.layout.shape) || !may_move(from, to)) return false;
    remove(at_);
    move(from, to);
    return true;
  }
  void move_parts() {
    const Instruction& cat = at(at_);
    Operand to = cat.out[0];
    const int axis = normalize_axis("cat", static_cast<const CatAttrs*>(cat.attrs.data())->axis,
                                    to.layout.rank());
    std::vector<std::pair<Operand, Operand>> moves;
    for (const Operand& part : cat.in) {
      to.layout.shape = part.layout.shape;
      const bool is_repeated = std::any_of(
          moves.begin(), moves.end(), [&](const auto& m) { return m.first.buffer == part.buffer; });
      if (is_repeated || !may_move(part, to)) return;
      moves.emplace_back(part, to);
      to.layout.offset += part.layout.shape[axis] * to.layout.strides[axis];
    }
    remove(at_);
    for (const auto& [from, block] : moves) move(from, block);
  }

  // Whether the buffer of `from`, which is copied to `to` here, may lie there all its life.
  bool may_move(const Operand& from, const Operand& to) const {
    if (from.buffer == kNoBuffer || from.buffer == to.buffer || from.layout.numel() == 0)
      return false;
    const Buffer& buffer = program_.buffers[from.buffer];
    const BufferUses& uses = uses_[from.buffer];
    if (buffer.kind != BufferKind::kTemporary || uses.is_result || uses.writers.empty() ||
        uses.writers.back() >= at_ || !covers(from, buffer.bytes) ||
        program_.buffers[to.buffer].kind != BufferKind::kTemporary ||
        !same_strides(to.layout.shape, from.layout.strides, to.layout.strides))
      return false;
    const int first = uses.writers.front() - 1;
    return !is_read(to, first, at_) && !is_written(to, first, at_) &&
           !is_written(to, at_, uses.readers.back() + 1);
  }
  void move(const Operand& from, const Operand& to) {
    move_buffer(program_, uses_, from.buffer, to.buffer, range_of(to).begin);
  }

  // ---- Bookkeeping ----------------------------------------------------------------------------

  void remove(int index) {
    is_removed_[index] = true;
    const auto forget = [index](std::vector<int>& list) {
      const auto found = std::lower_bound(list.begin(), list.end(), index);
      if (found != list.end() && *found == index) list.erase(found);
    };
    for (const Operand& o : at(index).in)
      if (o.buffer != kNoBuffer) forget(uses_[o.buffer].readers);
    for (const Operand& o : at(index).out)
      if (o.buffer != kNoBuffer) forget(uses_[o.buffer].writers);
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<bool> is_removed_;
  int at_ = 0;
};

}  // namespace

void simplify(Program& program) { Simplifier(program).run(); }

}  // namespace rush::graph
