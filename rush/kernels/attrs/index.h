// Attributes of the indexing ops.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// Which axes of x the rows of an index tensor walk along: normalised, rising.
struct IndexAttrs {
  Dims axes;
  static constexpr auto fields() { return std::tuple(Field{"axes", &IndexAttrs::axes}); }
};
// Where the rows' axes stand in the result: in place of the first indexed axis if all are
// neighbours, in front otherwise.
inline int index_position(const Dims& axes) {
  for (int i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1) return 0;
  return axes.empty() ? 0 : static_cast<int>(axes[0]);
}
struct IndexPutAttrs {
  Dims axes;
  bool accumulate = false;  // add instead of replacing
  static constexpr auto fields() {
    return std::tuple(Field{"axes", &IndexPutAttrs::axes},
                      Field{"accumulate", &IndexPutAttrs::accumulate});
  }
};

struct GatherAttrs {
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple(Field{"axis", &GatherAttrs::axis}); }
};

enum class ScatterReduce : uint8_t { kSum, kProd, kMean, kAmax, kAmin };
struct ScatterReduceAttrs {
  int64_t axis = 0;
  ScatterReduce reduce = ScatterReduce::kSum;
  bool include_self = true;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &ScatterReduceAttrs::axis},
                      Field{"reduce", &ScatterReduceAttrs::reduce},
                      Field{"include_self", &ScatterReduceAttrs::include_self});
  }
};

struct EmbeddingAttrs {
  std::optional<int64_t> padding_idx;  // normalised; its row gets no gradient
  static constexpr auto fields() {
    return std::tuple(Field{"padding_idx", &EmbeddingAttrs::padding_idx});
  }
};
struct EmbeddingGradAttrs {
  int64_t rows = 0;
  std::optional<int64_t> padding_idx;
  static constexpr auto fields() {
    return std::tuple(Field{"rows", &EmbeddingGradAttrs::rows},
                      Field{"padding_idx", &EmbeddingGradAttrs::padding_idx});
  }
};

struct OneHotAttrs {
  int64_t num_classes = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"num_classes", &OneHotAttrs::num_classes});
  }
};
struct NonzeroAttrs {
  int64_t count = 0;  // how many there are, counted before
  static constexpr auto fields() { return std::tuple(Field{"count", &NonzeroAttrs::count}); }
};
struct SearchAttrs {
  bool right = false;  // after equal elements instead of before them
  static constexpr auto fields() { return std::tuple(Field{"right", &SearchAttrs::right}); }
};

}  // namespace rush
