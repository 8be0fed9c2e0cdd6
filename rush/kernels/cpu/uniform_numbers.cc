// The Mersenne Twister's words as numbers in [0, 1), many at a time: plain loops that the compiler
// vectorises for every target. Generator::uniform_float() and uniform_double() say the same of one.
#include <algorithm>

#include "rush/kernels/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/uniform_numbers.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {

HWY_ATTR void to_floats(const uint32_t* words, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    out[i] = static_cast<float>(static_cast<int32_t>(words[i] & 0xffffffu)) * 0x1p-24f;
}
// The first word of a pair is the high one.
HWY_ATTR void to_doubles(const uint32_t* words, double* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t bits = int64_t{words[2 * i] & 0x1fffffu} << 32 | words[2 * i + 1];
    out[i] = static_cast<double>(bits) * 0x1p-53;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
namespace {

HWY_EXPORT(to_floats);
HWY_EXPORT(to_doubles);

constexpr int64_t kWords = 1024;

}  // namespace

void draw_uniform(Generator& generator, float* out, int64_t n) {
  uint32_t words[kWords];
  for (int64_t at = 0; at < n; at += kWords) {
    const int64_t count = std::min(kWords, n - at);
    generator.random(words, static_cast<size_t>(count));
    HWY_DYNAMIC_DISPATCH(to_floats)(words, out + at, count);
  }
}
void draw_uniform(Generator& generator, double* out, int64_t n) {
  uint32_t words[kWords];
  for (int64_t at = 0; at < n; at += kWords / 2) {
    const int64_t count = std::min(kWords / 2, n - at);
    generator.random(words, static_cast<size_t>(2 * count));
    HWY_DYNAMIC_DISPATCH(to_doubles)(words, out + at, count);
  }
}

}  // namespace rush::kernels
#endif  // HWY_ONCE
