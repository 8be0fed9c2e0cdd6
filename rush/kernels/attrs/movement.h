// Attributes of the movement ops: views (no kernel) and rearranging copies. Axes are as the user
// gave them (negative ones count from the end) unless a comment says otherwise.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

struct ReshapeAttrs {
  Shape shape;  // one size may be -1
  static constexpr auto fields() { return std::tuple(Field{"shape", &ReshapeAttrs::shape}); }
};
struct ExpandAttrs {
  Shape shape;  // -1 keeps the input's size
  static constexpr auto fields() { return std::tuple(Field{"shape", &ExpandAttrs::shape}); }
};
struct PermuteAttrs {
  Dims axes;
  static constexpr auto fields() { return std::tuple(Field{"axes", &PermuteAttrs::axes}); }
};
struct TransposeAttrs {
  int64_t axis0 = 0, axis1 = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"axis0", &TransposeAttrs::axis0},
                      Field{"axis1", &TransposeAttrs::axis1});
  }
};
struct SqueezeAttrs {
  Dims axes;  // empty: every axis of size 1
  static constexpr auto fields() { return std::tuple(Field{"axes", &SqueezeAttrs::axes}); }
};
struct UnsqueezeAttrs {
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple(Field{"axis", &UnsqueezeAttrs::axis}); }
};
struct SliceAttrs {
  int64_t axis = 0, start = 0, stop = INT64_MAX, step = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &SliceAttrs::axis}, Field{"start", &SliceAttrs::start},
                      Field{"stop", &SliceAttrs::stop}, Field{"step", &SliceAttrs::step});
  }
};
struct SelectAttrs {
  int64_t axis = 0, index = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &SelectAttrs::axis}, Field{"index", &SelectAttrs::index});
  }
};
struct DiagonalAttrs {
  int64_t offset = 0, axis1 = 0, axis2 = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"offset", &DiagonalAttrs::offset},
                      Field{"axis1", &DiagonalAttrs::axis1}, Field{"axis2", &DiagonalAttrs::axis2});
  }
};
struct UnfoldAttrs {
  int64_t axis = 0, size = 1, step = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &UnfoldAttrs::axis}, Field{"size", &UnfoldAttrs::size},
                      Field{"step", &UnfoldAttrs::step});
  }
};

// The reverse of a strided region: x's elements in a tensor of `shape` that is zero elsewhere.
// `start` and `step` have one entry an axis, normalised.
struct SliceGradAttrs {
  Shape shape;
  Dims start, step;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &SliceGradAttrs::shape},
                      Field{"start", &SliceGradAttrs::start}, Field{"step", &SliceGradAttrs::step});
  }
};
// A strided region that is replaced; one entry an axis, normalised.
struct SlicePutAttrs {
  Dims start, step;
  static constexpr auto fields() {
    return std::tuple(Field{"start", &SlicePutAttrs::start}, Field{"step", &SlicePutAttrs::step});
  }
};
// A tensor that is zero but for one diagonal; `shape` is that of the result.
struct DiagonalGradAttrs {
  Shape shape;
  int64_t offset = 0, axis1 = 0, axis2 = 1;
  static constexpr auto fields() {
    return std::tuple(
        Field{"shape", &DiagonalGradAttrs::shape}, Field{"offset", &DiagonalGradAttrs::offset},
        Field{"axis1", &DiagonalGradAttrs::axis1}, Field{"axis2", &DiagonalGradAttrs::axis2});
  }
};
// Windows added back to where they were taken from.
struct UnfoldGradAttrs {
  Shape shape;
  int64_t axis = 0, size = 1, step = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &UnfoldGradAttrs::shape},
                      Field{"axis", &UnfoldGradAttrs::axis}, Field{"size", &UnfoldGradAttrs::size},
                      Field{"step", &UnfoldGradAttrs::step});
  }
};

struct CatAttrs {
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple(Field{"axis", &CatAttrs::axis}); }
};
struct FlipAttrs {
  Dims axes;  // none: nothing is flipped
  static constexpr auto fields() { return std::tuple(Field{"axes", &FlipAttrs::axes}); }
};
// Sizes to add (or, if negative, to cut) before and after each axis.
struct ConstantPadAttrs {
  Dims before, after;
  double value = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"before", &ConstantPadAttrs::before},
                      Field{"after", &ConstantPadAttrs::after},
                      Field{"value", &ConstantPadAttrs::value});
  }
};
struct TriangleAttrs {
  int64_t diagonal = 0;
  static constexpr auto fields() { return std::tuple(Field{"diagonal", &TriangleAttrs::diagonal}); }
};

}  // namespace rush
