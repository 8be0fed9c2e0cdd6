// The Mersenne Twister's numbers as tensors. What is drawn, and in which order, follows PyTorch's
// CPU kernels, so that the same seed gives the same tensor.
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

template <typename T>
Computing<T> draw_uniform(Generator& g) {
  if constexpr (std::is_same_v<T, double>)
    return g.uniform_double();
  else
    return g.uniform_float();
}

// Calls fill(memory) with dense memory for out's elements in out's own order of dimensions.
template <typename F>
void with_dense(const View& out, F&& fill) {
  if (out.numel() == 0) return;
  if (is_dense(out.shape, out.strides)) return fill(out.data);
  std::vector<uint64_t> memory((static_cast<size_t>(out.numel()) * size_of(out.dtype) + 7) /
                               sizeof(uint64_t));
  fill(memory.data());
  copy_elements(out,
                {memory.data(), out.dtype, out.shape, dense_strides_like(out.shape, out.strides)});
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
  for (auto& v : group) v = draw_uniform<T>(g);
  to_normal_groups(group, 1, static_cast<Computing<T>>(mean), static_cast<Computing<T>>(std));
  for (int64_t j = 0; j < kGroup; ++j) out[j] = static_cast<T>(group[j]);
}

// The groups of full width draw all numbers first; the remainder redoes the last 16 elements.
template <typename T>
void fill_normal_groups(T* out, int64_t n, double mean, double std, Generator& g) {
  if constexpr (std::is_same_v<T, Computing<T>>) {
    for (int64_t i = 0; i < n; ++i) out[i] = draw_uniform<T>(g);
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
      for (int64_t i = 0, n = out.numel(); i < n; ++i) {
        const T v = static_cast<T>(draw_uniform<T>(generator) * range + from);
        p[i] = v == last ? first : v;  // rounding must not reach the open end
      }
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
    const int64_t n = out.numel();
    std::vector<int64_t> drawn(static_cast<size_t>(n));
    for (int64_t& v : drawn) {
      const uint64_t bits = range >= kNeeds64Bits ? generator.random64() : generator.random();
      v = static_cast<int64_t>(bits % range + static_cast<uint64_t>(low));
    }
    convert_dense(DType::kInt64, drawn.data(), out.dtype, memory, n);
  });
}

void fill_bernoulli(const View& out, const View& p, Generator& generator) {
  const auto held = generator.lock();
  by_floating_type("bernoulli", p.dtype, [&]<typename T>() {
    const int64_t n = out.numel();
    std::vector<T> probability(static_cast<size_t>(n));
    std::vector<uint8_t> drawn(static_cast<size_t>(n));
    if (n > 0)
      copy_elements({probability.data(), p.dtype, p.shape, contiguous_strides(p.shape)}, p);
    for (size_t i = 0; i < drawn.size(); ++i) {
      const auto q = static_cast<Computing<T>>(probability[i]);
      if (!(q >= 0 && q <= 1)) fail("bernoulli: a probability is in [0, 1]; got ", double{q});
      drawn[i] = draw_uniform<T>(generator) < q;
    }
    std::vector<uint64_t> memory((drawn.size() * size_of(out.dtype) + 7) / sizeof(uint64_t));
    convert_dense(DType::kUInt8, drawn.data(), out.dtype, memory.data(), n);
    if (n > 0)
      copy_elements(out, {memory.data(), out.dtype, out.shape, contiguous_strides(out.shape)});
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
