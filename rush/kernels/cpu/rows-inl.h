// Whole rows in the computing type, for kernels that work on rows (softmax, losses, norms): rows
// that are dense and in that type are used where they lie, others go through a buffer. And the
// passes over rows that these kernels share. Included once per Highway target.
#if defined(RUSH_KERNELS_CPU_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_ROWS_INL_H_
#undef RUSH_KERNELS_CPU_ROWS_INL_H_
#else
#define RUSH_KERNELS_CPU_ROWS_INL_H_
#endif

#include <algorithm>

#include "rush/kernels/cpu/float_io-inl.h"
#include "rush/kernels/cpu/scratch.h"
#include "rush/kernels/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Calls f<T>() for the four floating types; records let no other through.
template <typename F>
HWY_INLINE void ForFloating(DType t, F&& f) {
  dispatch(t, [&]<typename T>() {
    if constexpr (is_floating(dtype_of<T>)) f.template operator()<T>();
  });
}

// A row to read.
template <typename T>
HWY_INLINE const ComputeOf<T>* ReadRow(const T* p, int64_t n, int64_t step, ComputeOf<T>* buffer) {
  if constexpr (std::is_same_v<T, ComputeOf<T>>)
    if (step == 1) return p;
  const TagOf<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  if (step == 1)
    for (; i + lanes <= n; i += lanes) hn::StoreU(LoadAs(d, p + i), d, buffer + i);
  for (; i < n; ++i) buffer[i] = LoadOne(p + i * step);
  return buffer;
}

// Where to compute a row to be written, and the move to its place afterwards.
template <typename T>
HWY_INLINE ComputeOf<T>* RowToWrite(T* p, int64_t step, ComputeOf<T>* buffer) {
  if constexpr (std::is_same_v<T, ComputeOf<T>>)
    if (step == 1) return p;
  return buffer;
}
template <typename T>
HWY_INLINE void WriteRow(const ComputeOf<T>* row, T* p, int64_t n, int64_t step) {
  if constexpr (std::is_same_v<T, ComputeOf<T>>)
    if (row == p) return;
  const TagOf<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  if (step == 1)
    for (; i + lanes <= n; i += lanes) StoreAs(d, hn::LoadU(d, row + i), p + i);
  for (; i < n; ++i) StoreOne(row[i], p + i * step);
}

// Buffers for rows of n, a multiple of a cache line apart; no memory where none is needed.
template <typename A>
class RowBuffers {
 public:
  RowBuffers(int64_t n, int count, bool needed)
      : stride_((n + 15) / 16 * 16), memory_(needed ? stride_ * count : 0) {}
  A* operator[](int i) const { return memory_.data() == nullptr ? nullptr : &memory_[i * stride_]; }

 private:
  int64_t stride_;
  Scratch<A> memory_;
};

// Calls f(d, i) for the parts of a row, with the tag to use at position i: whole vectors, then
// shorter ones for the rest.
template <typename A, class F>
HWY_INLINE void ForVectors(int64_t n, const F& f) {
  const hn::ScalableTag<A> d;
  const hn::CappedTag<A, 4> few;
  const hn::CappedTag<A, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t few_lanes = static_cast<int64_t>(hn::Lanes(few));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(d, i);
  for (; i + few_lanes <= n; i += few_lanes) f(few, i);
  for (; i < n; ++i) f(one, i);
}

// The sum of term(d, i) over a row: runs in the computing type, their totals in double.
template <typename A, class F>
HWY_INLINE double SumRow(int64_t n, const F& term) {
  constexpr int64_t kRun = 4096;
  const hn::ScalableTag<A> d;
  const hn::CappedTag<A, 4> few;
  const hn::CappedTag<A, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t few_lanes = static_cast<int64_t>(hn::Lanes(few));
  double total = 0;
  for (int64_t i = 0; i < n;) {
    const int64_t end = std::min(n, i + kRun);
    auto a = hn::Zero(d), b = hn::Zero(d);
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      a = hn::Add(a, term(d, i));
      b = hn::Add(b, term(d, i + lanes));
    }
    for (; i + lanes <= end; i += lanes) a = hn::Add(a, term(d, i));
    A rest = 0;
    for (; i + few_lanes <= end; i += few_lanes)
      rest += hn::GetLane(hn::SumOfLanes(few, term(few, i)));
    for (; i < end; ++i) rest += hn::GetLane(term(one, i));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)))) +
             static_cast<double>(rest);
  }
  return total;
}

template <typename A>
HWY_INLINE A MaxRow(const A* x, int64_t n) {
  const hn::ScalableTag<A> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  A best = -std::numeric_limits<A>::infinity();
  int64_t i = 0;
  if (n >= lanes) {
    auto v = hn::Set(d, best);
    for (; i + lanes <= n; i += lanes) v = hn::Max(v, hn::LoadU(d, x + i));
    best = hn::GetLane(hn::MaxOfLanes(d, v));
  }
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

// log(sum(exp(x))) of a row; with `e`, exp(x - max) goes there and *sum gets their sum.
template <typename A>
HWY_INLINE A LogSumExpRow(const A* x, int64_t n, A* e, A* sum) {
  const A high = MaxRow(x, n);
  const double total = SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto v = kernels::HWY_NAMESPACE::exp(d, hn::Sub(hn::LoadU(d, x + i), hn::Set(d, high)));
    if (e != nullptr) hn::StoreU(v, d, e + i);
    return v;
  });
  if (sum != nullptr) *sum = static_cast<A>(total);
  return high + static_cast<A>(std::log(total));
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
