#include "rush/base/dtype.h"

#include <array>
#include <atomic>

#include "rush/base/error.h"

namespace rush {
namespace {

constexpr std::array<std::string_view, kDTypeCount> kNames = {
    "bool",  "uint8",   "int8",     "int16",   "int32",
    "int64", "float16", "bfloat16", "float32", "float64"};

std::atomic<DType> g_default_dtype{DType::kFloat32};

}  // namespace

std::string_view name_of(DType t) { return kNames[static_cast<int>(t)]; }

DType dtype_from_name(std::string_view name) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (kNames[i] == name) return static_cast<DType>(i);
  fail<TypeError>("dtype: unknown name '", name, "'; known are bool, uint8, int8, int16, int32, ",
                  "int64, float16, bfloat16, float32, float64");
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  const DType high = a > b ? a : b, low = a > b ? b : a;
  // The enum is ordered so that the larger value wins, with two exceptions: uint8 beside int8 needs
  // int16, and the two half formats meet in float32.
  if (low == DType::kUInt8 && high == DType::kInt8) return DType::kInt16;
  if (low == DType::kFloat16 && high == DType::kBFloat16) return DType::kFloat32;
  return high;
}

DType default_dtype() { return g_default_dtype.load(std::memory_order_relaxed); }

void set_default_dtype(DType t) {
  if (!is_floating(t)) fail<TypeError>("set_default_dtype: wants a floating type; got ", t);
  g_default_dtype.store(t, std::memory_order_relaxed);
}

uint16_t Float16::from_float(float v) {
  const uint32_t u = std::bit_cast<uint32_t>(v);
  const uint16_t sign = static_cast<uint16_t>((u >> 16) & 0x8000);
  const uint32_t magnitude = u & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00;
  if (magnitude >= 0x47800000u) return sign | 0x7c00;  // 65536 and above: infinity
  if (magnitude < 0x38800000u) {                       // subnormal: let float addition round
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

float Float16::to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00)
    return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ff) << 13));
  if (magnitude >= 0x400) return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  const float value = static_cast<float>(magnitude) * 0x1p-24f;
  return sign ? -value : value;
}

}  // namespace rush
