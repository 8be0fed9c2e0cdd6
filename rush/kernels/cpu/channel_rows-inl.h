// Passes over [N, C, ...] that need to know each element's channel, for channels in planes and for
// channels innermost. Innermost channels are walked in rows of several pixels where there are few
// channels, so that rows are whole vectors; values of channels lie repeated in memory for that.
// Included once per Highway target.
#if defined(RUSH_KERNELS_CPU_CHANNEL_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_CHANNEL_ROWS_INL_H_
#undef RUSH_KERNELS_CPU_CHANNEL_ROWS_INL_H_
#else
#define RUSH_KERNELS_CPU_CHANNEL_ROWS_INL_H_
#endif

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/norm_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kTaskElements = 32768;

// How many values an array of the channels' values has: those of one row, the channels' as many
// times as it holds pixels.
inline int64_t ChannelValues(const PlaneLayout& l) {
  constexpr int64_t kManyChannels = 128, kVector = 16, kLeast = 64;
  if (!l.channels_last || l.channels >= kManyChannels) return l.channels;
  int64_t width = std::lcm(l.channels, kVector);
  while (width < kLeast) width *= 2;
  return width;
}
// Repeats the first values, one a channel, to the end of the array.
template <typename A>
void RepeatChannels(const PlaneLayout& l, const Scratch<A>& values) {
  for (int64_t i = l.channels, n = ChannelValues(l); i < n; ++i) values[i] = values[i - l.channels];
}

// The values of the channels of a vector: those from place i on, or one for all of it.
template <class D, typename A>
HWY_INLINE hn::Vec<D> OfChannels(D d, std::true_type, const A* values, int64_t i) {
  return hn::LoadU(d, values + i);
}
template <class D, typename A>
HWY_INLINE hn::Vec<D> OfChannels(D d, std::false_type, const A* values, int64_t i) {
  return hn::Set(d, values[i]);
}

// Calls f(d, along, i, at) for vectors of elements from `at` on, whose channels' values are
// OfChannels(d, along, values, i). The last elements come first: what a pass before this one has
// read last is still in the cache, and so is the beginning for what reads the result.
template <typename A, class F>
void ForChannelVectors(const PlaneLayout& l, const F& f) {
  const int64_t n = l.channels_last ? ChannelValues(l) : l.plane;
  const int64_t total = l.images * l.channels * l.plane;
  if (total == 0) return;
  const int64_t rows = (total + n - 1) / n, rows_a_task = std::max<int64_t>(1, kTaskElements / n);
  const int64_t tasks = (rows + rows_a_task - 1) / rows_a_task;
  parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = tasks - begin; task-- > tasks - end;)
      for (int64_t r = task * rows_a_task; r < std::min(rows, (task + 1) * rows_a_task); ++r) {
        const int64_t at = r * n, channel = l.channels_last ? 0 : r % l.channels;
        if (l.channels_last)
          ForVectors<A>(std::min(n, total - at),
                        [&](auto d, int64_t i) HWY_ATTR { f(d, std::true_type(), i, at + i); });
        else
          ForVectors<A>(
              n, [&](auto d, int64_t i) HWY_ATTR { f(d, std::false_type(), channel, at + i); });
      }
  });
}

// Two sums of an element's channel. terms.add(d, along, i, at, first, second) adds to both.
struct TwoSums {
  double first = 0, second = 0;
};

// Sums of n elements of one channel: runs in the computing type, their totals in double.
template <typename A, class Terms>
HWY_INLINE void AddPlane(int64_t channel, int64_t at, int64_t n, const Terms& terms,
                         TwoSums& sums) {
  constexpr int64_t kRun = 4096;
  constexpr std::false_type kAlong;
  const hn::ScalableTag<A> d;
  const hn::CappedTag<A, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < n;) {
    const int64_t end = std::min(n, i + kRun);
    auto first = hn::Zero(d), second = first, more_first = first, more_second = first;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      terms.add(d, kAlong, channel, at + i, first, second);
      terms.add(d, kAlong, channel, at + i + lanes, more_first, more_second);
    }
    for (; i + lanes <= end; i += lanes) terms.add(d, kAlong, channel, at + i, first, second);
    auto rest_first = hn::Zero(one), rest_second = rest_first;
    for (; i < end; ++i) terms.add(one, kAlong, channel, at + i, rest_first, rest_second);
    const auto total = [&](auto a, auto b, auto rest) HWY_ATTR {
      return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)))) +
             static_cast<double>(hn::GetLane(rest));
    };
    sums.first += total(first, more_first, rest_first);
    sums.second += total(second, more_second, rest_second);
  }
}

template <typename A, class Terms>
void PlaneSums(const PlaneLayout& l, const Terms& terms, TwoSums* sums) {
  const int64_t channels_a_task =
      std::max<int64_t>(1, kTaskElements / std::max<int64_t>(1, l.images * l.plane));
  parallel_for(l.channels, channels_a_task, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      sums[c] = {};
      for (int64_t i = 0; i < l.images; ++i)
        AddPlane<A>(c, (i * l.channels + c) * l.plane, l.plane, terms, sums[c]);
    }
  });
}

// Adds rows of `width` elements to its sums, several rows at a time.
template <typename A, class Terms>
HWY_INLINE void AddRows(int64_t begin, int64_t end, int64_t width, const Terms& terms, A* first,
                        A* second) {
  constexpr int64_t kRows = 4;
  constexpr std::true_type kAlong;
  const auto add = [&](int64_t at, int64_t n, int64_t rows) HWY_ATTR {
    ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      auto a = hn::LoadU(d, first + i), b = hn::LoadU(d, second + i);
      for (int64_t r = 0; r < rows; ++r) terms.add(d, kAlong, i, at + r * width + i, a, b);
      hn::StoreU(a, d, first + i);
      hn::StoreU(b, d, second + i);
    });
  };
  for (; begin + kRows * width <= end; begin += kRows * width) add(begin, width, kRows);
  for (; begin < end; begin += width) add(begin, std::min(width, end - begin), 1);
}

// Tasks have sums of their own, which are added in order.
template <typename A, class Terms>
void RowSums(const PlaneLayout& l, const Terms& terms, TwoSums* sums) {
  const int64_t width = ChannelValues(l), total = l.images * l.plane * l.channels;
  const int64_t task = std::max<int64_t>(1, kTaskElements / width) * width;
  const int64_t tasks = (total + task - 1) / task;
  const Scratch<A> partial(tasks * 2 * width);
  parallel_for(total, task, [&](int64_t begin, int64_t end) {
    A* first = &partial[begin / task * 2 * width];
    std::fill_n(first, 2 * width, A(0));
    AddRows(begin, end, width, terms, first, first + width);
  });
  std::fill_n(sums, l.channels, TwoSums{});
  for (int64_t t = 0; t < tasks; ++t) {
    const A *first = &partial[t * 2 * width], *second = first + width;
    for (int64_t i = 0; i < width; i += l.channels)
      for (int64_t c = 0; c < l.channels; ++c) {
        sums[c].first += static_cast<double>(first[i + c]);
        sums[c].second += static_cast<double>(second[i + c]);
      }
  }
}

template <typename A, class Terms>
void ChannelSums(const PlaneLayout& l, const Terms& terms, TwoSums* sums) {
  if (l.channels_last) {
    RowSums<A>(l, terms, sums);
  } else {
    PlaneSums<A>(l, terms, sums);
  }
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
