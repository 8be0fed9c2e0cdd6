// The Mersenne Twister's numbers as tensors. What is drawn, and in which order, follows PyTorch's
// CPU kernels, so that the same seed gives the same tensor.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "rush/kernels/convert.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/random.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

constexpr int64_t kGroup = 16;  // normal numbers are made in groups, where there are so many

template <typename T>
using Computing = std::conditional_t<std::is_same_v<T, double>, double, float>;

constexpr int64_t kBlock = 512;  // numbers at a time

// Calls use(numbers, at, count) for n uniform numbers, in blocks.
template <typename T, typename F>
void draw_blocks(Generator& g, int64_t n, F&& use) {
  Computing<T> drawn[kBlock];
  for (int64_t at = 0; at < n; at += kBlock) {
    const int64_t count = std::min(kBlock, n - at);
    draw_uniform(g, drawn, count);
    use(static_cast<const Computing<T>*>(drawn), at, count);
  }
}

// Calls fill(memory) with memory for out's elements in the order of `strides`, which are dense.
template <typename F>
void with_order(const View& out, const Dims& strides, F&& fill) {
  if (out.numel() == 0) return;
  if (out.strides == strides) return fill(out.data);
  std::vector<uint64_t> memory((static_cast<size_t>(out.numel()) * size_of(out.dtype) + 7) /
                               sizeof(uint64_t));
  fill(memory.data());
  copy_elements(out, {memory.data(), out.dtype, out.shape, strides});
}
// In out's own order of dimensions.
template <typename F>
void with_dense(const View& out, F&& fill) {
  if (is_dense(out.shape, out.strides)) return with_order(out, out.strides, fill);
  with_order(out, dense_strides_like(out.shape, out.strides), fill);
}

template <typename F>
void by_floating_type(const char* op, DType t, F&& f) {
  switch (t) {
    case DType::kFloat16:
      return f.template operator()<Float16>();
    case DType::kBFloat16:
      return f.template operator()<BFloat16>();
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kFloat64:
      return f.template operator()<double>();
    default:
      fail<TypeError>(op, ": wants a floating dtype; got ", t);
  }
}

using kernels::to_normal_groups;  // beside the overload that follows
// As for float32, in float64: the first half of a group is paired with the second.
void to_normal_groups(double* v, int64_t groups, double mean, double std) {
  for (; groups > 0; --groups, v += kGroup) {
    for (int64_t j = 0; j < kGroup / 2; ++j) {
      const double radius = std::sqrt(-2 * std::log(1 - v[j]));
      const double theta = 2 * std::numbers::pi * v[j + kGroup / 2];
      v[j] = std::fma(radius * std::cos(theta), std, mean);
      v[j + kGroup / 2] = std::fma(radius * std::sin(theta), std, mean);
    }
  }
}

// Half widths draw and transform group by group.
template <typename T>
void normal_group(T* out, double mean, double std, Generator& g) {
  Computing<T> group[kGroup];
  draw_uniform(g, group, kGroup);
  to_normal_groups(group, 1, static_cast<Computing<T>>(mean), static_cast<Computing<T>>(std));
  for (int64_t j = 0; j < kGroup; ++j) out[j] = static_cast<T>(group[j]);
}

// The groups of full width draw all numbers first; the remainder redoes the last 16 elements.
template <typename T>
void fill_normal_groups(T* out, int64_t n, double mean, double std, Generator& g) {
  if constexpr (std::is_same_v<T, Computing<T>>) {
    draw_uniform(g, out, n);
    to_normal_groups(out, n / kGroup, static_cast<T>(mean), static_cast<T>(std));
  } else {
    for (int64_t i = 0; i + kGroup <= n; i += kGroup) normal_group(out + i, mean, std, g);
  }
  if (n % kGroup != 0) normal_group(out + n - kGroup, mean, std, g);
}

}  // namespace

void fill_uniform(const View& out, double low, double high, Generator& generator) {
  const auto held = generator.lock();
  by_floating_type("uniform", out.dtype, [&]<typename T>() {
    using C = Computing<T>;
    const C from = static_cast<C>(low), range = static_cast<C>(high) - from;
    const T first = static_cast<T>(from), last = static_cast<T>(static_cast<C>(high));
    with_dense(out, [&](void* memory) {
      T* p = static_cast<T*>(memory);
      draw_blocks<T>(generator, out.numel(), [&](const C* drawn, int64_t at, int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
          const T v = static_cast<T>(drawn[i] * range + from);
          p[at + i] = v == last ? first : v;  // rounding must not reach the open end
        }
      });
    });
  });
}

void fill_normal(const View& out, double mean, double std, Generator& generator) {
  const auto held = generator.lock();
  by_floating_type("normal", out.dtype, [&]<typename T>() {
    with_dense(out, [&](void* memory) {
      T* p = static_cast<T*>(memory);
      const int64_t n = out.numel();
      if (n >= kGroup && out.is_contiguous())
        fill_normal_groups(p, n, mean, std, generator);
      else
        for (int64_t i = 0; i < n; ++i)
          p[i] = static_cast<T>(static_cast<Computing<T>>(generator.normal() * std + mean));
    });
  });
}

void fill_integers(const View& out, int64_t low, int64_t high, Generator& generator) {
  const auto held = generator.lock();
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  constexpr uint64_t kNeeds64Bits = uint64_t{1} << 28;  // keeps the skew of % small
  with_dense(out, [&](void* memory) {
    int64_t drawn[kBlock];
    uint32_t words[kBlock];
    for (int64_t at = 0, n = out.numel(); at < n; at += kBlock) {
      const int64_t count = std::min(kBlock, n - at);
      if (range >= kNeeds64Bits) {
        for (int64_t i = 0; i < count; ++i)
          drawn[i] =
              static_cast<int64_t>(generator.random64() % range + static_cast<uint64_t>(low));
      } else {
        generator.random(words, static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i)
          drawn[i] = low + int64_t{words[i] % static_cast<uint32_t>(range)};
      }
      convert_dense(DType::kInt64, drawn, out.dtype,
                    static_cast<char*>(memory) + static_cast<size_t>(at) * size_of(out.dtype),
                    count);
    }
  });
}

namespace {

void check_probability(double q) {
  if (!(q >= 0 && q <= 1)) fail("bernoulli: a probability is in [0, 1]; got ", q);
}

// drawn[i] < p[i] for a block of numbers, as the elements of `out`.
template <typename T>
void store_below(const Computing<T>* drawn, const T* p, bool repeats, DType t, void* out,
                 int64_t n) {
  uint8_t below[kBlock];
  if (repeats) {
    const auto q = static_cast<Computing<T>>(*p);
    for (int64_t i = 0; i < n; ++i) below[i] = drawn[i] < q;
  } else {
    for (int64_t i = 0; i < n; ++i) below[i] = drawn[i] < static_cast<Computing<T>>(p[i]);
  }
  convert_dense(DType::kUInt8, below, t, out, n);
}

}  // namespace

void fill_bernoulli(const View& out, const View& p, Generator& generator) {
  const auto held = generator.lock();
  by_floating_type("bernoulli", p.dtype, [&]<typename T>() {
    const Dims row_major = contiguous_strides(out.shape);
    with_order(out, row_major, [&](void* memory) {
      const int64_t n = out.numel();
      const bool repeats = p.strides == Dims::filled(p.shape.size(), 0);
      std::vector<T> copied;
      if (!repeats && !p.is_contiguous()) {
        copied.resize(static_cast<size_t>(n));
        copy_elements({copied.data(), p.dtype, p.shape, row_major}, p);
      }
      const T* q = copied.empty() ? p.as<const T>() : copied.data();
      for (int64_t i = 0, count = repeats ? 1 : n; i < count; ++i)
        check_probability(static_cast<double>(q[i]));
      draw_blocks<T>(generator, n, [&](const Computing<T>* drawn, int64_t at, int64_t count) {
        store_below(drawn, repeats ? q : q + at, repeats, out.dtype,
                    static_cast<char*>(memory) + static_cast<size_t>(at) * size_of(out.dtype),
                    count);
      });
    });
  });
}

void fill_permutation(const View& out, Generator& generator) {
  const auto held = generator.lock();
  const int64_t n = out.numel();
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  const bool is_long = n >= std::numeric_limits<uint32_t>::max() / 20;  // keeps the skew of % small
  const auto below = [&](int64_t bound) {
    const uint64_t bits = is_long ? generator.random64() : generator.random();
    return static_cast<int64_t>(bits % static_cast<uint64_t>(bound));
  };
  for (int64_t i = 0; i + 1 < n; ++i) std::swap(order[i], order[i + below(n - i)]);
  with_dense(
      out, [&](void* memory) { convert_dense(DType::kInt64, order.data(), out.dtype, memory, n); });
}

}  // namespace rush::kernels
