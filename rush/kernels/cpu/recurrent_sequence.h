// The geometry of a batch of sequences in memory, for kernels that go through time.
//
// Rows of all steps follow each other: step t has the rows of the sequences that are still running
// in it, longest sequence first. Without batch sizes these are all of them.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/recurrent_kernels.h"
#include "rush/kernels/cpu/scratch.h"
#include "rush/kernels/cpu/strided_copy.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Some rows of one step whose states before lie together.
struct Part {
  int64_t begin, rows;  // of the batch
  int64_t at;           // of all rows: the first
  int64_t before;       // where its state before is among all rows; -1: it is the initial one
  // Of states of all steps and initial ones, the row that the first row starts from.
  template <typename T>
  const T* state(const T* all, const T* initial, int64_t hidden) const {
    return before < 0 ? initial + begin * hidden : all + before * hidden;
  }
};

struct Sequence {
  int64_t batch, rows, hidden;
  bool reverse;
  std::vector<int64_t> sizes, starts;  // of each step: its rows, and where they begin

  // x: [T, B, gates] or, with batch sizes, [rows, gates]; weight: [gates, hidden]
  Sequence(const View& x, const View& weight, bool is_reverse,
           const std::vector<int64_t>& batch_sizes);

  // With few rows in all, packing weights is not worth it.
  bool has_packed_weights() const { return rows >= 16; }
  int64_t steps() const { return static_cast<int64_t>(sizes.size()); }

  // Shares the batch out, f(begin, end). `work`: multiply-adds a row and step.
  template <typename F>
  void for_rows(int64_t work, const F& f) const {
    const int64_t threads = rows * work > kSerialWork ? num_threads() : 1;
    parallel_for(batch, std::max<int64_t>(1, (batch + threads - 1) / threads), f);
  }

  // f(part) for the rows [begin, end) of every step, in the order of the computation or against it.
  template <typename F>
  void forward(int64_t begin, int64_t end, const F& f) const {
    for (int64_t k = 0; k < steps(); ++k) for_parts(reverse ? steps() - 1 - k : k, begin, end, f);
  }
  template <typename F>
  void backward(int64_t begin, int64_t end, const F& f) const {
    for (int64_t k = 0; k < steps(); ++k) for_parts(reverse ? k : steps() - 1 - k, begin, end, f);
  }

  // f(part, units) for all steps in the order of the computation: threads share out the batch, or
  // within each step the hidden units where there are more threads than rows. `work`: as above.
  template <typename F>
  void for_steps(int64_t work, const F& f) const {
    constexpr int64_t kUnits = 64;  // whole panels of packed weights; see StepProduct
    constexpr int64_t kLargeStep = 1 << 16;
    const bool by_units = batch < num_threads() && batch * work >= kLargeStep &&
                          has_packed_weights() && hidden % kUnits == 0 && hidden > kUnits &&
                          !in_parallel();
    if (!by_units) {
      for_rows(work, [&](int64_t begin, int64_t end) {
        forward(begin, end, [&](const Part& p) { f(p, Units{0, hidden}); });
      });
      return;
    }
    const int64_t blocks = hidden / kUnits, threads = std::min<int64_t>(num_threads(), blocks);
    forward(0, batch, [&](const Part& p) {
      parallel_for(threads, 1, [&](int64_t begin, int64_t end) {
        f(p, Units{blocks * begin / threads * kUnits, blocks * end / threads * kUnits});
      });
    });
  }

  // to: [B, hidden] gets each sequence's state after its last computed step, out of all states.
  template <typename T>
  void copy_last(const T* all, T* to) const {
    for (int64_t t = 0; t < steps(); ++t) {
      const int64_t first = reverse ? 0 : t + 1 < steps() ? sizes[t + 1] : 0;
      if (first < sizes[t])
        std::copy_n(all + (starts[t] + first) * hidden, (sizes[t] - first) * hidden,
                    to + first * hidden);
      if (reverse) return;
    }
  }
  // What a gradient of the state starts from: that of the last state, or zeros.
  template <typename T>
  void start(const T* from, T* to) const {
    if (from == nullptr)
      std::fill_n(to, batch * hidden, T(0));
    else
      std::copy_n(from, batch * hidden, to);
  }

 private:
  template <typename F>
  void for_parts(int64_t t, int64_t begin, int64_t end, const F& f) const {
    const int64_t before = reverse ? t + 1 : t - 1;
    const bool is_first = before < 0 || before >= steps();
    const int64_t last = std::min(end, sizes[t]);
    const int64_t carried =
        is_first ? begin : std::clamp(sizes[before], begin, std::max(begin, last));
    if (begin < carried) f(Part{begin, carried - begin, starts[t] + begin, starts[before] + begin});
    if (carried < last) f(Part{carried, last - carried, starts[t] + carried, -1});
  }
};

inline Sequence::Sequence(const View& x, const View& weight, bool is_reverse,
                          const std::vector<int64_t>& batch_sizes)
    : hidden(weight.shape[1]), reverse(is_reverse), sizes(batch_sizes) {
  if (sizes.empty()) sizes.assign(x.shape[0], x.shape[1]);
  batch = sizes[0];
  rows = 0;
  for (int64_t size : sizes) {
    starts.push_back(rows);
    rows += size;
  }
}

// An input as dense elements of the computing type: where it lies, or a copy. Null if it is absent.
template <typename T>
class Operand {
 public:
  explicit Operand(const View& v) : data_(v.as<const T>()) {
    if (v.data != nullptr && v.numel() > 0 && (v.dtype != dtype_of<T> || !v.is_contiguous())) {
      copy_.emplace(v.numel());
      strided_copy(v, dense_view(copy_->data(), dtype_of<T>, v.shape));
      data_ = copy_->data();
    }
  }
  const T* data() const { return data_; }
  const T* row(int64_t at) const { return data_ == nullptr ? nullptr : data_ + at; }

 private:
  const T* data_;
  std::optional<Scratch<T>> copy_;
};

// A gradient that arrives: as if absent where nothing did, which looks like a zero broadcast.
inline View arriving(const View& v) {
  bool is_zero = v.numel() > 0;
  for (int i = 0; i < v.shape.size(); ++i) is_zero = is_zero && v.strides[i] == 0;
  if (is_zero) dispatch(v.dtype, [&]<typename U>() { is_zero = *v.as<const U>() == U(0); });
  return is_zero ? View{} : v;
}

// States that sequences start from; zeros if none are given.
template <typename T>
class Initial {
 public:
  Initial(const View& v, const Sequence& s)
      : given_(v), zeros_(given_.data() == nullptr ? s.batch * s.hidden : 0) {
    if (given_.data() == nullptr) std::fill_n(zeros_.data(), s.batch * s.hidden, T(0));
  }
  const T* data() const { return given_.data() == nullptr ? zeros_.data() : given_.data(); }

 private:
  Operand<T> given_;
  Scratch<T> zeros_;
};

// An output in the computing type: where it will lie, or elsewhere until finish().
template <typename T>
class Result {
 public:
  explicit Result(const View& v)
      : view_(v),
        is_direct_(v.dtype == dtype_of<T> && v.is_contiguous()),
        memory_(is_direct_ ? 0 : v.numel()) {}
  T* data() const { return is_direct_ ? view_.as<T>() : memory_.data(); }
  void finish() const {
    if (!is_direct_ && view_.numel() > 0)
      strided_copy(dense_view(memory_.data(), dtype_of<T>, view_.shape), view_);
  }

 private:
  const View& view_;
  bool is_direct_;
  Scratch<T> memory_;
};

// The product of every step, c = a b (+ add); b: [k, n], n a multiple of the hidden size.
template <typename T>
class StepProduct {
 public:
  StepProduct(const Sequence& s, int64_t k, int64_t n, const T* b, int64_t b_row, int64_t b_col)
      : hidden_(s.hidden), k_(k), n_(n), b_(b), b_row_(b_row), b_col_(b_col) {
    if (s.has_packed_weights()) packed_.emplace(k, n, b, b_row, b_col);
  }
  // a: [m, k], dense; add_row 0: one row for all. Computes the columns of `units` in each of the
  // parts of b that are as wide as there are hidden units; part of the units: multiples of 64.
  void multiply(int64_t m, const T* a, T* c, int64_t c_row, const T* add, int64_t add_row,
                Units units) const {
    if (units.count() == hidden_) return columns(0, n_, m, a, c, c_row, add, add_row);
    for (int64_t part = 0; part < n_; part += hidden_)
      columns(part + units.begin, units.count(), m, a, c, c_row, add, add_row);
  }

 private:
  void columns(int64_t first, int64_t count, int64_t m, const T* a, T* c, int64_t c_row,
               const T* add, int64_t add_row) const {
    c += first;
    if (add) add += first;
    if (packed_) return packed_->multiply(m, a, k_, c, c_row, add, add_row, first, count);
    Gemm<T> g{m, count, k_, a, k_, 1, b_ + first * b_col_, b_row_, b_col_, c, c_row};
    if (add_row == 0) {
      g.bias = add;
    } else {
      g.accumulate = true;
      for (int64_t i = 0; add != c && i < m; ++i)
        std::copy_n(add + i * add_row, count, c + i * c_row);
    }
    gemm_portable(g);
  }

  int64_t hidden_, k_, n_;
  const T* b_;
  int64_t b_row_, b_col_;
  std::optional<PackedMatrix<T>> packed_;
};

// dw = sum over rows of dg^T (state before). dg: [rows, gates], y: [rows, hidden]; hx: [B, hidden]
// or null for zeros; dw: [gates, hidden].
template <typename T>
void weight_gradient(const Sequence& s, int64_t gates, const T* dg, const T* y, const T* hx,
                     T* dw) {
  const auto add = [&](int64_t rows, const T* d, const T* state, bool accumulate) {
    Gemm<T> g{gates, s.hidden, rows, d, 1, gates, state, s.hidden, 1, dw, s.hidden};
    g.accumulate = accumulate;
    gemm(g);
  };
  const bool is_even = s.sizes.front() == s.sizes.back();
  if (is_even) {  // the states before are y, a step away
    const int64_t carried = s.rows - s.batch;
    add(carried, dg + (s.reverse ? 0 : s.batch * gates), y + (s.reverse ? s.batch * s.hidden : 0),
        false);
    if (hx != nullptr) add(s.batch, dg + (s.reverse ? carried * gates : 0), hx, true);
    return;
  }
  const Scratch<T> before(s.rows * s.hidden);
  s.forward(0, s.batch, [&](const Part& p) {
    T* to = before.data() + p.at * s.hidden;
    if (p.before < 0 && hx == nullptr)
      std::fill_n(to, p.rows * s.hidden, T(0));
    else
      std::copy_n(p.state(y, hx, s.hidden), p.rows * s.hidden, to);
  });
  add(s.rows, dg, before.data(), false);
}

}  // namespace rush::kernels::cpu
