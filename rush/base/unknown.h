// Sizes that are not known yet. Shape rules are plain arithmetic on int64, so
// an unknown size goes through them as a stand-in: a prime that is told from
// other numbers afterwards, also when a rule has multiplied it or added to it.
// There is one for every name, one for each axis whose size nobody named, and
// one for every size that a rule makes of others in a way which cannot be told
// from the number (a quotient, say): "derived" ones, learnt when the op has run.
// Stand-ins occur in graphs only, never in tensors with data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rush {

int64_t unknown_size(std::string_view name);  // the same for the same name
int64_t unknown_size(int axis);               // of a size without a name
bool is_anonymous_size(int64_t stand_in);     // nobody named it; also true of derived ones
bool is_derived_size(int64_t stand_in);

// What a number made of unknown sizes would be, had they other values: there are two sets of these,
// the second of round numbers. What does not change does not depend on unknown sizes.
inline constexpr int kOtherValues = 2;
int64_t revalued_size(int64_t value, int set);
// Stands for a size that is values[0] by the stand-ins and values[1 + set] by those sets: the same
// for the same values.
int64_t derived_size(const std::array<int64_t, 1 + kOtherValues>& values);

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
