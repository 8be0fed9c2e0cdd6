// Runs of elements brought together from strided memory, and spread over it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace rush::kernels {

template <typename Word>
void gather_run(const void* from, int64_t stride, void* to, int64_t n) {
  const auto* source = static_cast<const Word*>(from);
  auto* target = static_cast<Word*>(to);
  if (stride == 0 && *source == 0)
    std::memset(target, 0, static_cast<size_t>(n) * sizeof(Word));
  else if (stride == 0)
    std::fill_n(target, n, *source);
  else if (stride == 1)
    std::copy_n(source, n, target);
  else if (stride == -1)
    std::reverse_copy(source - n + 1, source + 1, target);
  else
    for (int64_t i = 0; i < n; ++i) target[i] = source[i * stride];
}
template <typename Word>
void scatter_run(const void* from, void* to, int64_t stride, int64_t n) {
  const auto* source = static_cast<const Word*>(from);
  auto* target = static_cast<Word*>(to);
  if (stride == 1)
    std::copy_n(source, n, target);
  else
    for (int64_t i = 0; i < n; ++i) target[i * stride] = source[i];
}

// Calls f<Word>() with the unsigned integer of `bytes` bytes.
template <typename F>
void by_width(size_t bytes, F&& f) {
  switch (bytes) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

}  // namespace rush::kernels
