// gather and the scatters. All share one walk over the index tensor: lines of an inner dimension,
// and the gathered axis. Elements of a scatter that meet do so along that axis only, which one
// thread walks in order.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/index.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/cpu/boxes.h"
#include "rush/kernels/cpu/index_parts.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/stride_runs.h"

namespace rush::kernels::cpu {
namespace {

// 0-d tensors count as one element of rank 1.
View at_least_1d(View v) {
  if (v.shape.empty()) {
    v.shape = {1};
    v.strides = {1};
  }
  return v;
}

// The index tensor, `big` (indexed along `axis`), and `small`, which lines up with the index.
struct Walk {
  const char* op;
  int axis;  // as the error text names it
  int64_t size;
  View index;
  Shape lines;                                  // all dimensions but `axis` and the last one
  Strides index_lines, small_lines, big_lines;  // their strides
  int64_t along = 1, across = 1;                // sizes of `axis` and of the last one
  int64_t index_along, small_along, big_along;  // strides of these
  int64_t index_across = 0, small_across = 0, big_across = 0;

  Walk(const char* name, int64_t given_axis, const View& i, const View& small, const View& big)
      : op(name), index(i) {
    const int rank = i.shape.size();
    axis = normalize_axis(name, given_axis, rank);
    size = big.shape[axis];
    along = i.shape[axis];
    index_along = i.strides[axis];
    small_along = small.strides[axis];
    big_along = big.strides[axis];
    // The inner loop: the last dimension, or the one before where that is the gathered axis and
    // short.
    constexpr int64_t kShort = 16;
    const int last = axis != rank - 1 ? rank - 1 : along < kShort ? rank - 2 : -1;
    for (int d = 0; d < rank; ++d) {
      if (d == axis) continue;
      if (d == last) {
        across = i.shape[d];
        index_across = i.strides[d];
        small_across = small.strides[d];
        big_across = big.strides[d];
        continue;
      }
      lines.push_back(i.shape[d]);
      index_lines.push_back(i.strides[d]);
      small_lines.push_back(small.strides[d]);
      big_lines.push_back(big.strides[d]);
    }
  }

  struct Origin {
    int64_t index = 0, small = 0, big = 0;
  };
  Origin origin_of(int64_t line) const {
    Origin o;
    for (int d = lines.size() - 1; d >= 0; --d) {
      const int64_t at = line % lines[d];
      line /= lines[d];
      o.index += at * index_lines[d];
      o.small += at * small_lines[d];
      o.big += at * big_lines[d];
    }
    return o;
  }

  // Calls f(offset in small, offset in big) for every index, after checking it.
  // split_along: the gathered axis may be cut among threads too.
  template <typename F>
  void run(bool split_along, F&& f) const {
    if (index.numel() == 0) return;
    const int64_t block = grain_for(4);
    const int64_t step_along = split_along ? std::clamp<int64_t>(block / across, 1, along) : along;
    const int64_t step_across =
        split_along ? across
                    : std::clamp<int64_t>(block / along, std::min<int64_t>(64, across), across);
    const int64_t cuts_along = (along + step_along - 1) / step_along;
    const int64_t cuts_across = (across + step_across - 1) / step_across;
    const int64_t grain = std::max<int64_t>(block / (step_along * step_across), 1);
    const int64_t parts = numel(lines) * cuts_along * cuts_across;
    parallel_for(parts, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t cut = i % (cuts_along * cuts_across);
        const int64_t a = cut / cuts_across * step_along, j = cut % cuts_across * step_across;
        run_part(origin_of(i / (cuts_along * cuts_across)), a, std::min(a + step_along, along), j,
                 std::min(j + step_across, across), f);
      }
    });
  }

  template <typename F>
  void run_part(const Origin& o, int64_t a, int64_t a_end, int64_t j_begin, int64_t j_end,
                F&& f) const {
    const int64_t* ids = index.as<const int64_t>() + o.index;
    if (across == 1) {
      ids += a * index_along;
      const int64_t small = o.small + a * small_along;
      if (index_along == 1 && small_along == 1 && big_along == 1)
        return visit(ids, kOne, small, kOne, o.big, kNone, kOne, a_end - a, f);
      return visit(ids, index_along, small, small_along, o.big, kNone, big_along, a_end - a, f);
    }
    const bool is_dense = index_across == 1 && small_across == 1 && big_across == 1;
    for (; a < a_end; ++a) {
      const int64_t* from = ids + a * index_along + j_begin * index_across;
      const int64_t small = o.small + a * small_along + j_begin * small_across;
      const int64_t big = o.big + j_begin * big_across, n = j_end - j_begin;
      if (is_dense)
        visit(from, kOne, small, kOne, big, kOne, big_along, n, f);
      else
        visit(from, index_across, small, small_across, big, big_across, big_along, n, f);
    }
  }

 private:
  // Steps that the compiler may count on.
  static constexpr std::integral_constant<int64_t, 0> kNone{};
  static constexpr std::integral_constant<int64_t, 1> kOne{};

  // One line: every step is a number, or one of the constants.
  template <typename A, typename B, typename C, typename D, typename F>
  void visit(const int64_t* ids, A ids_step, int64_t small, B small_step, int64_t big, C big_step,
             D along_step, int64_t n, F&& f) const {
    const auto bound = static_cast<uint64_t>(size);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t id = ids[i * ids_step];
      if (static_cast<uint64_t>(id) >= bound) bad_index(op, id, axis, size);
      f(small + i * small_step, big + i * big_step + id * along_step);
    }
  }
};

void gather(const Call& c) {
  const View x = at_least_1d(c.in[0]), index = at_least_1d(c.in[1]), out = at_least_1d(c.out[0]);
  const Walk walk("gather", c.attributes<GatherAttrs>().axis, index, out, x);
  by_width(size_of(x.dtype), [&]<typename T>() {
    const T* from = x.as<const T>();
    T* to = out.as<T>();
    walk.run(true, [=](int64_t small, int64_t big) { to[small] = from[big]; });
  });
}

void scatter(const Call& c) {
  const View index = at_least_1d(c.in[1]), source = at_least_1d(c.in[2]);
  const View out = at_least_1d(c.out[0]);
  copy_elements(c.out[0], c.in[0]);
  const Walk walk("scatter", c.attributes<GatherAttrs>().axis, index, source, out);
  by_width(size_of(out.dtype), [&]<typename T>() {
    const T* from = source.as<const T>();
    T* to = out.as<T>();
    walk.run(false, [=](int64_t small, int64_t big) { to[big] = from[small]; });
  });
}

void scatter_add(const Call& c) {
  const View index = at_least_1d(c.in[1]), source = at_least_1d(c.in[2]);
  const View out = at_least_1d(c.out[0]);
  copy_elements(c.out[0], c.in[0]);
  const Walk walk("scatter_add", c.attributes<GatherAttrs>().axis, index, source, out);
  dispatch(out.dtype, [&]<typename T>() {
    const T* from = source.as<const T>();
    T* to = out.as<T>();
    walk.run(false,
             [=](int64_t small, int64_t big) { to[big] = static_cast<T>(to[big] + from[small]); });
  });
}

template <typename T>
bool is_nan(T v) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return v != v;
}

// NaN wins, as in reductions.
template <typename T>
T larger(T a, T b) {
  return is_nan(a) || (!is_nan(b) && a >= b) ? a : b;
}
template <typename T>
T smaller(T a, T b) {
  return is_nan(a) || (!is_nan(b) && a <= b) ? a : b;
}

template <typename T>
T combine(ScatterReduce reduce, T a, T b) {
  switch (reduce) {
    case ScatterReduce::kProd:
      return static_cast<T>(a * b);
    case ScatterReduce::kAmax:
      return larger(a, b);
    case ScatterReduce::kAmin:
      return smaller(a, b);
    default:
      return static_cast<T>(a + b);
  }
}

// Whole numbers round down, as PyTorch's do.
template <typename T>
T divide(T sum, int64_t count) {
  if constexpr (std::is_same_v<T, bool>) {
    return sum;
  } else if constexpr (std::is_integral_v<T>) {
    const int64_t s = static_cast<int64_t>(sum), q = s / count;
    return static_cast<T>(s % count < 0 ? q - 1 : q);
  } else if constexpr (std::is_same_v<T, double>) {
    return sum / static_cast<double>(count);
  } else {
    return static_cast<T>(static_cast<float>(sum) / static_cast<float>(count));
  }
}

// The first element to arrive replaces what was there when self is not included; counting them
// serves both that and the mean.
template <typename T>
void scatter_reduce_typed(const Walk& walk, const View& source, const View& out,
                          const ScatterReduceAttrs& a) {
  const T* from = source.as<const T>();
  T* to = out.as<T>();
  // Requires: out is contiguous, so that an offset is also a position in the counts.
  std::vector<int64_t> counts(static_cast<size_t>(out.numel()), a.include_self ? 1 : 0);
  walk.run(false, [&, from, to](int64_t small, int64_t big) {
    int64_t& count = counts[static_cast<size_t>(big)];
    to[big] = count == 0 ? from[small] : combine(a.reduce, to[big], from[small]);
    ++count;
  });
  if (a.reduce != ScatterReduce::kMean) return;
  parallel_for(out.numel(), grain_for(4), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      if (const int64_t count = counts[static_cast<size_t>(i)]; count > 1)
        to[i] = divide(to[i], count);
  });
}

void scatter_reduce(const Call& c) {
  const auto& a = c.attributes<ScatterReduceAttrs>();
  const View index = at_least_1d(c.in[1]), source = at_least_1d(c.in[2]);
  const View out = at_least_1d(c.out[0]);
  copy_elements(c.out[0], c.in[0]);
  const Walk walk("scatter_reduce", a.axis, index, source, out);
  dispatch(out.dtype, [&]<typename T>() { scatter_reduce_typed<T>(walk, source, out, a); });
}

}  // namespace

void add_gather(Table& t) {
  t.add("gather").kernel = gather;
  t.add("scatter").kernel = scatter;
  t.add("scatter_add").kernel = scatter_add;
  t.add("scatter_reduce").kernel = scatter_reduce;
}

}  // namespace rush::kernels::cpu
