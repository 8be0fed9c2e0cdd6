// Sizes that are not known yet. Shape rules are plain arithmetic on int64, so
// an unknown size goes through them as a stand-in: a prime that is told from
// other numbers afterwards, also when a rule has multiplied it or added to it.
// There is one for every name, and one for each axis whose size nobody named.
// Stand-ins occur in graphs only, never in tensors with data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rush {

int64_t unknown_size(std::string_view name);  // the same for the same name
int64_t unknown_size(int axis);               // of a size without a name
bool is_anonymous_size(int64_t stand_in);

// A number as unknown sizes make it: factor * (product of stand-ins) + offset.
struct SizeTerm {
  int64_t factor = 1, offset = 0;
  std::vector<int64_t> unknowns;
};
// What a number says of unknown sizes; nothing for a plain number.
std::optional<SizeTerm> decode_size(int64_t value);
inline bool mentions_unknown(int64_t value) { return decode_size(value).has_value(); }

std::string size_text(int64_t value);           // "batch", "?", "2*batch+1", "784"
std::string with_size_names(std::string_view);  // all stand-ins in a text by name

}  // namespace rush
