// Attributes of reductions and scans.
#pragma once

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// `axes` as the user gave them: negative ones count from the end, none means all.
struct ReduceAttrs {
  Dims axes;
  bool keepdim = false;
  static constexpr auto fields() {
    return std::tuple(Field{"axes", &ReduceAttrs::axes}, Field{"keepdim", &ReduceAttrs::keepdim});
  }
};

struct VarAttrs {
  Dims axes;
  double correction = 1;
  bool keepdim = false;
  static constexpr auto fields() {
    return std::tuple(Field{"axes", &VarAttrs::axes}, Field{"correction", &VarAttrs::correction},
                      Field{"keepdim", &VarAttrs::keepdim});
  }
};

struct NormAttrs {
  double p = 2;
  Dims axes;
  bool keepdim = false;
  static constexpr auto fields() {
    return std::tuple(Field{"p", &NormAttrs::p}, Field{"axes", &NormAttrs::axes},
                      Field{"keepdim", &NormAttrs::keepdim});
  }
};

// Reductions that give an index: along one axis.
struct ArgReduceAttrs {
  int64_t axis = 0;
  bool keepdim = false;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &ArgReduceAttrs::axis},
                      Field{"keepdim", &ArgReduceAttrs::keepdim});
  }
};

// Running results along one axis; `reverse` runs from the end; `exclusive` leaves the element
// itself out.
struct ScanAttrs {
  int64_t axis = 0;
  bool reverse = false, exclusive = false;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &ScanAttrs::axis}, Field{"reverse", &ScanAttrs::reverse},
                      Field{"exclusive", &ScanAttrs::exclusive});
  }
};

// The shape a broadcast tensor is summed back to.
struct SumToAttrs {
  Shape shape;
  static constexpr auto fields() { return std::tuple(Field{"shape", &SumToAttrs::shape}); }
};

}  // namespace rush
