// Ops that draw random numbers, and dropout. Dropout's mask comes from the counter-based stream: 64
// elements take 16 counters; word w of counter c serves element 16 w + c, so that vectors of any
// width load neighbours.
#include "rush/kernels/random.h"

#include <algorithm>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/random.h"
#include "rush/kernels/convert.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/fused.h"
#include "rush/tensor/layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/random.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr int kCounters = 16, kGroup = 4 * kCounters;

namespace hn = hwy::HWY_NAMESPACE;
const hn::CappedTag<uint32_t, kCounters> kWords;
using Words = hn::Vec<decltype(kWords)>;

// The 64-bit products of all lanes, as high and low words.
HWY_INLINE void multiply(Words a, Words b, Words& high, Words& low) {
#if HWY_TARGET == HWY_SCALAR
  const uint64_t p = uint64_t{hn::GetLane(a)} * hn::GetLane(b);
  high = hn::Set(kWords, static_cast<uint32_t>(p >> 32));
  low = hn::Set(kWords, static_cast<uint32_t>(p));
#else
  const hn::Repartition<uint64_t, decltype(kWords)> wide;
  const auto even = hn::MulEven(a, b);
  const Words odd_lanes = hn::BitCast(kWords, hn::ShiftRight<32>(hn::BitCast(wide, a)));
  const auto odd = hn::MulEven(odd_lanes, b);
  high = hn::OddEven(hn::BitCast(kWords, odd), hn::BitCast(kWords, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(kWords, hn::ShiftLeft<32>(odd)), hn::BitCast(kWords, even));
#endif
}

// Philox for 16 counters. philox() in base/random.h says the same for one.
void random_group(uint64_t seed, uint64_t counter, uint32_t* words) {
  HWY_ALIGN uint32_t low[kCounters], high[kCounters];
  for (int i = 0; i < kCounters; ++i) {
    const uint64_t at = counter + static_cast<uint64_t>(i);
    low[i] = static_cast<uint32_t>(at);
    high[i] = static_cast<uint32_t>(at >> 32);
  }
  const Words first = hn::Set(kWords, 0xd2511f53u), second = hn::Set(kWords, 0xcd9e8d57u);
  for (size_t i = 0; i < kCounters; i += hn::Lanes(kWords)) {
    Words c0 = hn::Load(kWords, low + i), c1 = hn::Load(kWords, high + i);
    Words c2 = hn::Zero(kWords), c3 = hn::Zero(kWords);
    auto key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      Words a_high, a_low, b_high, b_low;
      multiply(c0, first, a_high, a_low);
      multiply(c2, second, b_high, b_low);
      c0 = hn::Xor(hn::Xor(b_high, c1), hn::Set(kWords, key0));
      c2 = hn::Xor(hn::Xor(a_high, c3), hn::Set(kWords, key1));
      c1 = b_low;
      c3 = a_low;
      key0 += 0x9e3779b9u;
      key1 += 0xbb67ae85u;
    }
    hn::Store(c0, kWords, words + i);
    hn::Store(c1, kWords, words + kCounters + i);
    hn::Store(c2, kWords, words + 2 * kCounters + i);
    hn::Store(c3, kWords, words + 3 * kCounters + i);
  }
}

// The elements [begin, begin + n) of the whole.
template <typename T>
void drop(const RandomKey& key, int64_t begin, uint32_t threshold, T scale, const T* x, T* y,
          int64_t n) {
  const int64_t lead = begin % kGroup;  // elements of the first group that are not ours
  uint64_t counter = key.offset + static_cast<uint64_t>(begin / kGroup * kCounters);
  for (int64_t at = -lead; at < n; at += kGroup, counter += kCounters) {
    alignas(64) uint32_t words[kGroup];
    random_group(key.seed, counter, words);
    const int64_t first = std::max<int64_t>(0, -at), count = std::min<int64_t>(kGroup, n - at);
    for (int64_t i = first; i < count; ++i) {
      const T kept = x[at + i] * scale;
      y[at + i] = words[i] >= threshold ? kept : T(0);
    }
  }
}
void drop_floats(const RandomKey& key, int64_t begin, uint32_t threshold, float scale,
                 const float* x, float* y, int64_t n) {
  drop(key, begin, threshold, scale, x, y, n);
}
void drop_doubles(const RandomKey& key, int64_t begin, uint32_t threshold, double scale,
                  const double* x, double* y, int64_t n) {
  drop(key, begin, threshold, scale, x, y, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
namespace {

HWY_EXPORT(drop_floats);
HWY_EXPORT(drop_doubles);

struct Dropout {
  RandomKey key;
  uint32_t threshold;  // words below it drop their element
  double scale;

  // Elements [begin, begin + n) of the whole.
  void run(DType t, const void* x, void* y, int64_t begin, int64_t n) const {
    if (t == DType::kFloat64) {
      HWY_DYNAMIC_DISPATCH(drop_doubles)
      (key, begin, threshold, scale, static_cast<const double*>(x), static_cast<double*>(y), n);
    } else if (t == DType::kFloat32) {
      HWY_DYNAMIC_DISPATCH(drop_floats)
      (key, begin, threshold, static_cast<float>(scale), static_cast<const float*>(x),
       static_cast<float*>(y), n);
    } else {
      run_half(t, static_cast<const char*>(x), static_cast<char*>(y), begin, n);
    }
  }

 private:
  void run_half(DType t, const char* x, char* y, int64_t begin, int64_t n) const {
    constexpr int64_t kBlock = 512;
    float block[kBlock];
    for (int64_t at = 0; at < n; at += kBlock) {
      const int64_t count = std::min(kBlock, n - at);
      convert_dense(t, x + 2 * at, DType::kFloat32, block, count);
      run(DType::kFloat32, block, block, begin + at, count);
      convert_dense(DType::kFloat32, block, t, y + 2 * at, count);
    }
  }
};

Dropout make_dropout(const RandomKey& key, double p) {
  return {key, static_cast<uint32_t>(p * 0x1p32), 1 / (1 - p)};
}
Dropout dropout_of(const void* attrs, const int64_t* key, int64_t step) {
  return make_dropout({static_cast<uint64_t>(key[0]), static_cast<uint64_t>(key[step])},
                      static_cast<const DropoutAttrs*>(attrs)->p);
}

template <typename T>
void drop_row(const Row& r, int64_t first) {
  dropout_of(r.attrs, static_cast<const int64_t*>(r.ptr[2]), 1)
      .run(dtype_of<T>, r.ptr[1], r.ptr[0], first, r.n);
}

void dropout_contiguous(const Dropout& dropout, DType t, const void* x, void* y, int64_t n) {
  constexpr int kCost = 4;
  const int64_t grain = (grain_for(kCost) + 63) / 64 * 64;
  const auto item = static_cast<int64_t>(size_of(t));
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    dropout.run(t, static_cast<const char*>(x) + begin * item, static_cast<char*>(y) + begin * item,
                begin, end - begin);
  });
}

// The mask belongs to positions, not to places in memory: forward and backward may see different
// layouts of one shape.
void dropout_kernel(const Call& call) {
  const View &x = call.in[0], &y = call.out[0];
  const int64_t n = y.numel();
  if (n == 0) return;
  const Dropout dropout =
      dropout_of(call.attrs, call.in[1].as<const int64_t>(), call.in[1].strides[0]);
  if (x.is_contiguous() && y.is_contiguous())
    return dropout_contiguous(dropout, y.dtype, x.data, y.data, n);
  std::vector<uint64_t> memory((static_cast<size_t>(n) * size_of(y.dtype) + 7) / sizeof(uint64_t));
  const View row_major{memory.data(), y.dtype, y.shape, contiguous_strides(y.shape)};
  copy_elements(row_major, x);
  dropout_contiguous(dropout, y.dtype, memory.data(), memory.data(), n);
  copy_elements(y, row_major);
}

void key_kernel(const Call& call) {
  const RandomKey key = default_generator().reserve(static_cast<uint64_t>(call.in[0].numel()));
  auto* out = call.out[0].as<int64_t>();
  out[0] = static_cast<int64_t>(key.seed);
  out[1] = static_cast<int64_t>(key.offset);
}

void uniform_kernel(const Call& call) {
  const auto& a = call.attributes<UniformAttrs>();
  fill_uniform(call.out[0], a.low, a.high, default_generator());
}
void normal_kernel(const Call& call) {
  const auto& a = call.attributes<NormalAttrs>();
  fill_normal(call.out[0], a.mean, a.std, default_generator());
}
void randint_kernel(const Call& call) {
  const auto& a = call.attributes<RandintAttrs>();
  fill_integers(call.out[0], a.low, a.high, default_generator());
}
void randperm_kernel(const Call& call) { fill_permutation(call.out[0], default_generator()); }
void bernoulli_kernel(const Call& call) {
  fill_bernoulli(call.out[0], call.in[0], default_generator());
}

}  // namespace

void drop_elements(DType t, const RandomKey& key, double p, const void* x, void* y, int64_t begin,
                   int64_t n) {
  if (n > 0) make_dropout(key, p).run(t, x, y, begin, n);
}

IndexedRowFunction dropout_row(DType type) {
  return dispatch(type, []<typename T>() -> IndexedRowFunction {
    if constexpr (is_floating(dtype_of<T>))
      return drop_row<T>;
    else
      return nullptr;
  });
}

void cpu::register_random(Table& t) {
  t.add("uniform").kernel = uniform_kernel;
  t.add("normal").kernel = normal_kernel;
  t.add("randint").kernel = randint_kernel;
  t.add("randperm").kernel = randperm_kernel;
  t.add("bernoulli").kernel = bernoulli_kernel;
  t.add("random_key").kernel = key_kernel;
  t.add("dropout").kernel = dropout_kernel;
}

}  // namespace rush::kernels
#endif  // HWY_ONCE
