// The gradient of a weight that is used several times (a recurrence) is a sum of products of thin
// matrices: sum_t x_t^T y_t. Where the x_t lie one after another in memory, and the y_t too, that
// is a single product, x^T y, without the sums. Matrices that have buffers of their own are laid
// next to each other for that. In the same way sums of sums over rows (gradients of biases) become
// one.
#include <algorithm>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

// Rows of a joined product whose matrices have to be kept until it runs: more makes it no faster.
constexpr int64_t kEnoughRows = 512;

// A block of rows [rows, columns] that lies in memory without gaps.
struct Block {
  Operand operand;
  int64_t rows = 0, columns = 0;
  int64_t size() const { return rows * columns; }
};

// A term of a sum: block x, transposed, times block y; or the sum of x over its rows.
struct Term {
  int index = 0;  // of the instruction
  Block x, y;
  bool is_product() const { return y.rows > 0; }
};

class Joiner {
 public:
  explicit Joiner(Program& program)
      : program_(program),
        uses_(uses_of(program)),
        is_removed_(program.instructions.size()),
        inserted_(program.instructions.size()) {}

  void run() {
    std::vector<int> biases;
    for (int k = 0; k < static_cast<int>(is_removed_.size()); ++k)
      if (is_root(k)) (is_product_sum(k) ? join(k) : biases.push_back(k));
    for (const int k : biases) join(k);  // once the products have moved their blocks
    rebuild();
  }

 private:
  const Instruction& at(int i) const { return program_.instructions[i]; }

  // ---- Sums -----------------------------------------------------------------------------------

  bool is_sum(int k) const {
    const Instruction& i = at(k);
    if (is_removed_[k] || i.form != Form::kElementwise || i.op->name != "add" || i.refresh_attrs)
      return false;
    for (const Operand& o : i.in)
      if (!(o.layout.shape == i.out[0].layout.shape)) return false;
    return is_value(program_, uses_, i.out[0]) && is_row_major(i.out[0]);
  }
  static bool is_row_major(const Operand& o) {
    return is_contiguous(o.layout.shape, o.layout.strides);
  }
  // The instruction whose value this operand is, if nobody else reads that; or -1.
  int sole_maker(const Operand& o) const {
    if (o.buffer == kNoBuffer || !is_value(program_, uses_, o) || uses_[o.buffer].is_result ||
        uses_[o.buffer].readers.size() != 1)
      return -1;
    const int maker = uses_[o.buffer].writers[0];
    return !is_removed_[maker] && at(maker).out.size() == 1 && at(maker).out[0] == o ? maker : -1;
  }
  bool is_root(int k) const {
    if (!is_sum(k)) return false;
    const BufferUses& uses = uses_[at(k).out[0].buffer];
    return uses.is_result || uses.readers.size() != 1 || !is_sum(uses.readers[0]) ||
           !(at(uses.readers[0]).in[0] == at(k).out[0] ||
             at(uses.readers[0]).in[1] == at(k).out[0]);
  }
  bool is_product_sum(int root) const {
    std::vector<int> sums;
    std::vector<Operand> others;
    std::vector<Term> terms;
    collect(root, sums, terms, others);
    return !terms.empty() && terms[0].is_product();
  }

  // Takes a tree of sums apart.
  void collect(int root, std::vector<int>& sums, std::vector<Term>& terms,
               std::vector<Operand>& others) const {
    std::vector<int> todo = {root};
    while (!todo.empty()) {
      const int k = todo.back();
      todo.pop_back();
      sums.push_back(k);
      for (const Operand& o : at(k).in) {
        const int maker = sole_maker(o);
        Term term;
        if (maker >= 0 && is_sum(maker))
          todo.push_back(maker);
        else if (maker >= 0 && is_term(maker, root, term))
          terms.push_back(term);
        else
          others.push_back(o);
      }
    }
  }

  bool is_term(int k, int root, Term& term) const {
    const Instruction& i = at(k);
    term.index = k;
    if (i.form != Form::kKernel || !is_floating(i.out[0].dtype)) return false;
    if (i.op->name == "sum_to") {
      const Shape& to = i.out[0].layout.shape;
      return to.size() == 1 && i.in[0].layout.rank() == 2 && block_of(i.in[0], term.x) &&
             term.x.columns == to[0] && stays(i.in[0], k, root);
    }
    if (i.op->name != "matmul" || i.in[0].layout.rank() != 2 || i.in[1].layout.rank() != 2)
      return false;
    Operand x = i.in[0];
    std::swap(x.layout.shape[0], x.layout.shape[1]);
    std::swap(x.layout.strides[0], x.layout.strides[1]);
    return block_of(x, term.x) && block_of(i.in[1], term.y) && stays(x, k, root) &&
           stays(i.in[1], k, root);
  }
  static bool block_of(const Operand& o, Block& block) {
    if (o.buffer == kNoBuffer || !is_row_major(o) || o.layout.numel() == 0) return false;
    block = {o, o.layout.shape[0], o.layout.shape[1]};
    return true;
  }
  // Whether nobody writes there in between.
  bool stays(const Operand& o, int after, int before) const {
    const auto& writers = uses_[o.buffer].writers;
    bool meets = false;
    for (auto w = std::upper_bound(writers.begin(), writers.end(), after);
         w != writers.end() && *w < before && !meets; ++w)
      for_each_write(at(*w), [&](const Operand& to) { meets |= overlap(to, o); });
    return !meets;
  }

  // ---- Runs of terms --------------------------------------------------------------------------

  // Has a buffer of its own, which can be laid anywhere.
  bool is_movable(const Block& b) const {
    const Buffer& buffer = program_.buffers[b.operand.buffer];
    return buffer.kind == BufferKind::kTemporary && !uses_[b.operand.buffer].is_result &&
           covers(b.operand, buffer.bytes) && !is_pinned(b.operand.buffer);
  }
  bool is_pinned(BufferId b) const {
    return static_cast<size_t>(b) < is_pinned_.size() && is_pinned_[b];
  }
  static bool follows(const Block& a, const Block& b) {
    return a.operand.buffer == b.operand.buffer &&
           a.operand.layout.offset + a.size() == b.operand.layout.offset;
  }
  static bool same_size(const Term& a, const Term& b) {
    return a.x.columns == b.x.columns && a.y.columns == b.y.columns &&
           a.is_product() == b.is_product() && a.x.operand.dtype == b.x.operand.dtype;
  }
  bool may_follow(const Block& a, const Block& b) const {
    return follows(a, b) ||
           (is_movable(a) && is_movable(b) && a.operand.buffer != b.operand.buffer);
  }
  bool may_join(const std::vector<Term>& run, const Term& t) const {
    const Term& last = run.back();
    if (!same_size(last, t) || !may_follow(last.x, t.x)) return false;
    if (!t.is_product()) return follows(last.x, t.x);
    if (!may_follow(last.y, t.y)) return false;
    if (follows(last.x, t.x) && follows(last.y, t.y)) return true;
    int64_t rows = t.x.rows;
    for (const Term& r : run) {
      rows += r.x.rows;
      for (const auto& [a, b] : {std::pair(&r.x, &t.x), std::pair(&r.y, &t.y)})
        if (!follows(*a, *b) && a->operand.buffer == b->operand.buffer && is_movable(*a))
          return false;
      if (r.x.operand.buffer == t.y.operand.buffer || r.y.operand.buffer == t.x.operand.buffer)
        return false;
    }
    return rows <= kEnoughRows;
  }

  // Terms in the order in which they lie in memory, if they do; otherwise as they run.
  static void sort(std::vector<Term>& terms) {
    const auto lies_before = [](const Block& a, const Block& b) {
      return std::pair(a.operand.buffer, a.operand.layout.offset) <
             std::pair(b.operand.buffer, b.operand.layout.offset);
    };
    bool one_x = true, one_y = true;
    for (const Term& t : terms) {
      one_x &= t.x.operand.buffer == terms[0].x.operand.buffer;
      one_y &= t.is_product() && t.y.operand.buffer == terms[0].y.operand.buffer;
    }
    std::sort(terms.begin(), terms.end(), [&](const Term& a, const Term& b) {
      if (one_x || !a.is_product()) return lies_before(a.x, b.x);
      return one_y ? lies_before(a.y, b.y) : a.index < b.index;
    });
  }

  static bool is_laid(const std::vector<Term>& run, Block Term::*side) {
    for (size_t k = 1; k < run.size(); ++k)
      if (!follows(run[k - 1].*side, run[k].*side)) return false;
    return true;
  }
  // Whether no buffer has to be in two places.
  static bool may_lay(const std::vector<std::vector<Term>>& runs) {
    std::vector<BufferId> moving, staying;
    for (const std::vector<Term>& run : runs)
      for (const auto side : {&Term::x, &Term::y})
        if (run.size() > 1 && (side == &Term::x || run[0].is_product()))
          for (const Term& t : run)
            (is_laid(run, side) ? staying : moving).push_back((t.*side).operand.buffer);
    std::sort(moving.begin(), moving.end());
    if (std::adjacent_find(moving.begin(), moving.end()) != moving.end()) return false;
    return std::none_of(staying.begin(), staying.end(), [&](BufferId b) {
      return std::binary_search(moving.begin(), moving.end(), b);
    });
  }

  // ---- The rewrite ----------------------------------------------------------------------------

  struct Summand {
    Operand value;
    int since;  // the instruction after which it has its value
  };

  void join(int root) {
    std::vector<int> sums;
    std::vector<Term> terms;
    std::vector<Operand> others;
    collect(root, sums, terms, others);
    if (terms.size() < 2) return;
    sort(terms);
    std::vector<std::vector<Term>> runs;
    for (const Term& t : terms) {
      if (!runs.empty() && may_join(runs.back(), t))
        runs.back().push_back(t);
      else
        runs.push_back({t});
    }
    if (runs.size() == terms.size() || !may_lay(runs)) return;
    std::vector<Summand> summands;
    for (const Operand& o : others) {
      const auto& writers = uses_[o.buffer].writers;
      if (!writers.empty() && !is_value(program_, uses_, o)) return;
      summands.push_back({o, writers.empty() ? -1 : writers[0]});
    }
    for (const std::vector<Term>& run : runs) summands.push_back(join_run(run));
    for (const int k : sums) is_removed_[k] = true;
    add_up(std::move(summands), root);
  }

  Summand join_run(const std::vector<Term>& run) {
    int last = run[0].index;
    for (const Term& t : run) last = std::max(last, t.index);
    Instruction joined = at(run[0].index);
    if (run.size() == 1) return {joined.out[0], last};
    int64_t rows = 0;
    for (const Term& t : run) {
      rows += t.x.rows;
      is_removed_[t.index] = true;
    }
    const Block x = lay_together(run, &Term::x);
    joined.in[0] = x.operand;
    joined.in[0].layout.shape = {rows, x.columns};
    if (run[0].is_product()) {
      const Block y = lay_together(run, &Term::y);
      joined.in[0].layout = {{x.columns, rows}, {1, x.columns}, x.operand.layout.offset};
      joined.in[1] = y.operand;
      joined.in[1].layout.shape = {rows, y.columns};
    }
    joined.note = "joins " + std::to_string(run.size());
    insert(last, joined);
    return {joined.out[0], last};
  }

  // The first block, with the others behind it.
  Block lay_together(const std::vector<Term>& run, Block Term::*side) {
    Block first = run[0].*side;
    if (is_laid(run, side)) return first;
    int64_t size = 0;
    for (const Term& t : run) size += (t.*side).size();
    const auto item = static_cast<int64_t>(size_of(first.operand.dtype));
    const BufferId b =
        program_.add_buffer(BufferKind::kTemporary, static_cast<size_t>(size * item));
    uses_.emplace_back();
    int64_t begin = 0;
    for (const Term& t : run) {
      move_buffer(program_, uses_, (t.*side).operand.buffer, b, begin);
      begin += (t.*side).size() * item;
    }
    first.operand.buffer = b;
    first.operand.layout.offset = 0;
    return first;
  }

  // Sums as soon as both summands are there; the last sum gives what the root gave.
  void add_up(std::vector<Summand> summands, int root) {
    std::stable_sort(summands.begin(), summands.end(),
                     [](const Summand& a, const Summand& b) { return a.since < b.since; });
    const Operand result = at(root).out[0];
    if (summands.size() == 1) {
      std::vector<Instruction>& made = inserted_[summands[0].since];
      for (Instruction& i : made)
        if (i.out[0] == summands[0].value) i.out[0] = result;
      return;
    }
    Operand sum = summands[0].value;
    for (size_t k = 1; k < summands.size(); ++k) {
      Instruction add = at(root);
      add.in = {sum, summands[k].value};
      if (k + 1 < summands.size()) {
        add.out[0] = result;
        add.out[0].buffer =
            program_.add_buffer(BufferKind::kTemporary, program_.buffers[result.buffer].bytes);
        uses_.emplace_back();
      }
      sum = add.out[0];
      insert(k + 1 < summands.size() ? std::max(summands[k].since, 0) : root, add);
    }
  }

  // Buffers that inserted instructions name stay where they are.
  void insert(int after, const Instruction& i) {
    is_pinned_.resize(program_.buffers.size());
    for (const auto* operands : {&i.in, &i.out})
      for (const Operand& o : *operands)
        if (o.buffer != kNoBuffer) is_pinned_[o.buffer] = true;
    inserted_[after].push_back(i);
  }

  void rebuild() {
    std::vector<Instruction> list;
    for (size_t k = 0; k < is_removed_.size(); ++k) {
      if (!is_removed_[k]) list.push_back(std::move(program_.instructions[k]));
      for (Instruction& i : inserted_[k]) list.push_back(std::move(i));
    }
    program_.instructions = std::move(list);
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<bool> is_removed_;
  std::vector<std::vector<Instruction>> inserted_;  // after each instruction
  std::vector<bool> is_pinned_;                     // by buffer
};

}  // namespace

void join_products(Program& program) { Joiner(program).run(); }

}  // namespace rush::graph
