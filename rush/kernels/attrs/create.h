// Attributes of casts and of ops that make tensors.
#pragma once

#include <tuple>

#include "rush/base/dtype.h"
#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

struct CastAttrs {
  DType dtype = DType::kFloat32;
  static constexpr auto fields() { return std::tuple(Field{"dtype", &CastAttrs::dtype}); }
};
struct FullAttrs {
  Shape shape;
  DType dtype = DType::kFloat32;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &FullAttrs::shape}, Field{"dtype", &FullAttrs::dtype});
  }
};
// start, start + step, ... : whole numbers are counted in `whole_start` and `whole_step`.
struct ArangeAttrs {
  double start = 0, step = 1;
  int64_t whole_start = 0, whole_step = 1, count = 0;
  DType dtype = DType::kInt64;
  static constexpr auto fields() {
    return std::tuple(Field{"start", &ArangeAttrs::start}, Field{"step", &ArangeAttrs::step},
                      Field{"whole_start", &ArangeAttrs::whole_start},
                      Field{"whole_step", &ArangeAttrs::whole_step},
                      Field{"count", &ArangeAttrs::count}, Field{"dtype", &ArangeAttrs::dtype});
  }
};
struct LinspaceAttrs {
  double start = 0, end = 1;
  int64_t steps = 0;
  DType dtype = DType::kFloat32;
  static constexpr auto fields() {
    return std::tuple(Field{"start", &LinspaceAttrs::start}, Field{"end", &LinspaceAttrs::end},
                      Field{"steps", &LinspaceAttrs::steps}, Field{"dtype", &LinspaceAttrs::dtype});
  }
};
struct EyeAttrs {
  int64_t n = 0, m = 0;
  DType dtype = DType::kFloat32;
  static constexpr auto fields() {
    return std::tuple(Field{"n", &EyeAttrs::n}, Field{"m", &EyeAttrs::m},
                      Field{"dtype", &EyeAttrs::dtype});
  }
};

}  // namespace rush
