// Attributes of ops that draw random numbers.
#pragma once

#include <tuple>

#include "rush/base/dtype.h"
#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

struct UniformAttrs {  // in [low, high)
  Shape shape;
  double low = 0, high = 1;
  DType dtype = DType::kFloat32;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &UniformAttrs::shape}, Field{"low", &UniformAttrs::low},
                      Field{"high", &UniformAttrs::high}, Field{"dtype", &UniformAttrs::dtype});
  }
};
struct NormalAttrs {
  Shape shape;
  double mean = 0, std = 1;
  DType dtype = DType::kFloat32;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &NormalAttrs::shape}, Field{"mean", &NormalAttrs::mean},
                      Field{"std", &NormalAttrs::std}, Field{"dtype", &NormalAttrs::dtype});
  }
};
struct RandintAttrs {  // in [low, high)
  int64_t low = 0, high = 1;
  Shape shape;
  DType dtype = DType::kInt64;
  static constexpr auto fields() {
    return std::tuple(Field{"low", &RandintAttrs::low}, Field{"high", &RandintAttrs::high},
                      Field{"shape", &RandintAttrs::shape}, Field{"dtype", &RandintAttrs::dtype});
  }
};
struct RandpermAttrs {
  int64_t n = 0;
  DType dtype = DType::kInt64;
  static constexpr auto fields() {
    return std::tuple(Field{"n", &RandpermAttrs::n}, Field{"dtype", &RandpermAttrs::dtype});
  }
};
struct DropoutAttrs {
  double p = 0.5;
  static constexpr auto fields() { return std::tuple(Field{"p", &DropoutAttrs::p}); }
};

}  // namespace rush
