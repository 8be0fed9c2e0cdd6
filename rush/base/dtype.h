// The ten element types: their names, sizes, kinds, how they promote (PyTorch's table), and the
// two half-width floats as C++ types.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rush {

enum class DType : uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
};
inline constexpr int kDTypeCount = 10;

// Short names for user code: Tensor::zeros({2, 3}, rush::float64).
inline constexpr DType bool_ = DType::kBool, uint8 = DType::kUInt8, int8 = DType::kInt8,
                       int16 = DType::kInt16, int32 = DType::kInt32, int64 = DType::kInt64,
                       float16 = DType::kFloat16, bfloat16 = DType::kBFloat16,
                       float32 = DType::kFloat32, float64 = DType::kFloat64;

constexpr size_t size_of(DType t) {
  constexpr uint8_t kSizes[kDTypeCount] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8};
  return kSizes[static_cast<int>(t)];
}
constexpr bool is_floating(DType t) { return t >= DType::kFloat16; }
constexpr bool is_integral(DType t) { return t < DType::kFloat16 && t != DType::kBool; }
constexpr bool is_half(DType t) { return t == DType::kFloat16 || t == DType::kBFloat16; }

std::string_view name_of(DType t);             // "float32"
DType dtype_from_name(std::string_view name);  // accepts what name_of gives; TypeError otherwise
inline std::string to_text(DType t) { return std::string(name_of(t)); }
DType promote(DType a, DType b);  // PyTorch's promotion of two tensors' types
DType default_dtype();            // float32 unless set
void set_default_dtype(DType t);  // floating types only

// bfloat16: the upper half of a float32; conversion rounds to nearest even, NaN stays NaN.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float v) {
    const uint32_t u = std::bit_cast<uint32_t>(v);
    bits = (u & 0x7fffffffu) > 0x7f800000u
               ? static_cast<uint16_t>((u >> 16) | 0x40)
               : static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
  }
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

// IEEE half precision; conversion rounds to nearest even, keeps subnormals, overflows to infinity.
struct Float16 {
  uint16_t bits = 0;
  Float16() = default;
  explicit Float16(float v) : bits(from_float(v)) {}
  operator float() const { return to_float(bits); }
  static uint16_t from_float(float v);
  static float to_float(uint16_t bits);
};

// The dtype of a C++ type, and the C++ type of a dtype.
template <typename T>
struct DTypeOf;
template <DType t>
struct CTypeOf;
#define RUSH_MAP_DTYPE(c_type, dtype)     \
  template <>                             \
  struct DTypeOf<c_type> {                \
    static constexpr DType value = dtype; \
  };                                      \
  template <>                             \
  struct CTypeOf<dtype> {                 \
    using type = c_type;                  \
  }
RUSH_MAP_DTYPE(bool, DType::kBool);
RUSH_MAP_DTYPE(uint8_t, DType::kUInt8);
RUSH_MAP_DTYPE(int8_t, DType::kInt8);
RUSH_MAP_DTYPE(int16_t, DType::kInt16);
RUSH_MAP_DTYPE(int32_t, DType::kInt32);
RUSH_MAP_DTYPE(int64_t, DType::kInt64);
RUSH_MAP_DTYPE(Float16, DType::kFloat16);
RUSH_MAP_DTYPE(BFloat16, DType::kBFloat16);
RUSH_MAP_DTYPE(float, DType::kFloat32);
RUSH_MAP_DTYPE(double, DType::kFloat64);
#undef RUSH_MAP_DTYPE
template <typename T>
inline constexpr DType dtype_of = DTypeOf<T>::value;
template <DType t>
using CType = typename CTypeOf<t>::type;

// Calls f.template operator()<T>() with the C++ type of `t`.
template <typename F>
decltype(auto) dispatch(DType t, F&& f) {
  switch (t) {
    case DType::kBool:
      return f.template operator()<bool>();
    case DType::kUInt8:
      return f.template operator()<uint8_t>();
    case DType::kInt8:
      return f.template operator()<int8_t>();
    case DType::kInt16:
      return f.template operator()<int16_t>();
    case DType::kInt32:
      return f.template operator()<int32_t>();
    case DType::kInt64:
      return f.template operator()<int64_t>();
    case DType::kFloat16:
      return f.template operator()<Float16>();
    case DType::kBFloat16:
      return f.template operator()<BFloat16>();
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kFloat64:
      return f.template operator()<double>();
  }
  __builtin_unreachable();
}

}  // namespace rush
