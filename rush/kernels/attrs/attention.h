// Attributes of attention.
#pragma once

#include <optional>
#include <tuple>

#include "rush/base/fields.h"

namespace rush {

struct AttentionAttrs {
  std::optional<double> scale{};  // none: 1 / sqrt(E)
  double dropout_p = 0;
  bool is_causal = false;   // query i sees keys 0 .. i
  bool enable_gqa = false;  // a head of keys serves a group of heads of queries
  static constexpr auto fields() {
    return std::tuple(Field{"scale", &AttentionAttrs::scale},
                      Field{"dropout_p", &AttentionAttrs::dropout_p},
                      Field{"is_causal", &AttentionAttrs::is_causal},
                      Field{"enable_gqa", &AttentionAttrs::enable_gqa});
  }
};

}  // namespace rush
