// Sorting along an axis, the k largest or smallest, medians. Elements become unsigned keys in the
// same order (NaN above all); a key and its index make one number where they fit 64 bits, so every
// sort is stable and looks at integers only.
#include "rush/kernels/attrs/sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/cpu/lines.h"

namespace rush::kernels::cpu {
namespace {

constexpr int64_t kSortGrain = 4096;

// Keys in the order of the elements.
inline uint32_t key_of(float v) {
  if (v != v) return std::numeric_limits<uint32_t>::max();
  const auto bits = std::bit_cast<uint32_t>(v == 0 ? 0.0f : v);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
inline uint64_t key_of(double v) {
  if (v != v) return std::numeric_limits<uint64_t>::max();
  const auto bits = std::bit_cast<uint64_t>(v == 0 ? 0.0 : v);
  return bits >> 63 ? ~bits : bits | (uint64_t{1} << 63);
}
inline uint64_t key_of(int64_t v) { return static_cast<uint64_t>(v) ^ (uint64_t{1} << 63); }
inline uint32_t key_of(int32_t v) { return static_cast<uint32_t>(v) ^ 0x80000000u; }
inline uint32_t key_of(int16_t v) { return key_of(int32_t{v}); }
inline uint32_t key_of(int8_t v) { return key_of(int32_t{v}); }
inline uint32_t key_of(uint8_t v) { return v; }
inline uint32_t key_of(bool v) { return v; }
inline uint32_t key_of(Float16 v) { return key_of(static_cast<float>(v)); }
inline uint32_t key_of(BFloat16 v) { return key_of(static_cast<float>(v)); }

// A key with its index, ordered by both.
struct Packed {
  uint64_t bits;
  static bool holds(int64_t n) { return n <= int64_t{1} << 32; }
  Packed() = default;
  Packed(uint32_t key, int64_t index) : bits(uint64_t{key} << 32 | static_cast<uint64_t>(index)) {}
  int64_t index() const { return static_cast<int64_t>(bits & 0xffffffffu); }
  static constexpr int kDigits = 4;
  size_t digit(int i) const { return bits >> (32 + 8 * i) & 0xff; }
  bool operator<(const Packed& o) const { return bits < o.bits; }
};
struct Wide {
  uint64_t key;
  int64_t at;
  Wide() = default;
  Wide(uint64_t k, int64_t i) : key(k), at(i) {}
  int64_t index() const { return at; }
  static constexpr int kDigits = 8;
  size_t digit(int i) const { return key >> (8 * i) & 0xff; }
  bool operator<(const Wide& o) const { return key != o.key ? key < o.key : at < o.at; }
};

// Two lists a thread and type of entry, for all dtypes.
template <typename Entry, int number = 0>
std::vector<Entry>& kept_entries() {
  thread_local std::vector<Entry> entries;
  return entries;
}

// Sorts by one byte of the keys after another, the lowest first; a byte that all keys share is left
// out. Stable, so that entries which come in the order of their indices need not compare them.
template <typename Entry>
void sort_by_digits(std::vector<Entry>& entries) {
  constexpr int kValues = 256;
  const size_t n = entries.size();
  std::array<std::array<size_t, kValues>, Entry::kDigits> counts{};
  for (const Entry& e : entries)
    for (int d = 0; d < Entry::kDigits; ++d) ++counts[d][e.digit(d)];
  std::vector<Entry>& other = kept_entries<Entry, 1>();
  other.resize(n);
  Entry *from = entries.data(), *to = other.data();
  for (int d = 0; d < Entry::kDigits; ++d) {
    std::array<size_t, kValues>& next = counts[d];
    if (next[from->digit(d)] == n) continue;
    size_t start = 0;
    for (size_t& c : next) start += std::exchange(c, start);
    for (size_t i = 0; i < n; ++i) to[next[from[i].digit(d)]++] = from[i];
    std::swap(from, to);
  }
  if (from != entries.data()) std::copy_n(from, n, entries.data());
}

template <typename Entry>
void sort_entries(std::vector<Entry>& entries) {
  constexpr size_t kFew = 16 * Entry::kDigits;  // below, comparisons are faster than counting
  if (entries.size() < kFew)
    std::sort(entries.begin(), entries.end());
  else
    sort_by_digits(entries);
}

template <typename Entry, typename T>
std::vector<Entry>& entries_of(const T* x, int64_t n, int64_t step, bool descending) {
  std::vector<Entry>& out = kept_entries<Entry>();
  out.resize(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    const auto key = key_of(x[i * step]);
    using Key = std::remove_const_t<decltype(key)>;
    out[static_cast<size_t>(i)] = Entry(descending ? static_cast<Key>(~key) : key, i);
  }
  return out;
}

// Calls order(entries) to bring the first `k` entries of every line into place, and writes those.
template <typename T, typename Entry, typename Order>
void run_lines(const Call& call, int64_t axis, int64_t k, bool descending, const Order& order) {
  const View &x = call.in[0], &values = call.out[0], &indices = call.out[1];
  const int64_t n = line_length(x, axis);
  const Lines lines({&x, &values, &indices}, axis);
  lines.for_each(n, kSortGrain, [&](int64_t, const int64_t* at) {
    const T* from = x.as<const T>() + at[0];
    std::vector<Entry>& entries = entries_of<Entry>(from, n, lines.step[0], descending);
    order(entries);
    for (int64_t i = 0; i < k; ++i) {
      const int64_t index = entries[static_cast<size_t>(i)].index();
      values.as<T>()[at[1] + i * lines.step[1]] = from[index * lines.step[0]];
      indices.as<int64_t>()[at[2] + i * lines.step[2]] = index;
    }
  });
}

template <typename Order>
void dispatch_lines(const Call& call, int64_t axis, int64_t k, bool descending,
                    const Order& order) {
  const bool fits = Packed::holds(line_length(call.in[0], axis));
  dispatch(call.in[0].dtype, [&]<typename T>() {
    if constexpr (sizeof(T) <= 4) {
      if (fits) return run_lines<T, Packed>(call, axis, k, descending, order);
    }
    run_lines<T, Wide>(call, axis, k, descending, order);
  });
}

void sort_kernel(const Call& call) {
  const auto& a = call.attributes<SortAttrs>();
  dispatch_lines(call, a.axis, line_length(call.in[0], a.axis), a.descending,
                 [](auto& entries) { sort_entries(entries); });
}

void topk_kernel(const Call& call) {
  const auto& a = call.attributes<TopkAttrs>();
  dispatch_lines(call, a.axis, a.k, a.largest, [&](auto& entries) {
    std::partial_sort(entries.begin(), entries.begin() + a.k, entries.end());
  });
}

template <typename T>
bool is_nan(T v) {
  if constexpr (is_floating(dtype_of<T>)) return v != v;
  return false;
}

// The lower of the two in the middle; a NaN where there is one. Output axes have size 1.
void median_kernel(const Call& call) {
  const int64_t axis = call.attributes<ArgReduceAttrs>().axis;
  const View& x = call.in[0];
  const int64_t n = line_length(x, axis);
  View values = call.out[0], indices = call.out[1];
  if (values.shape.size() < x.shape.size()) {
    const int at = static_cast<int>(axis < 0 ? axis + x.shape.size() : axis);
    values = with_axis(values, at);
    indices = with_axis(indices, at);
  }
  const Lines lines({&x, &values, &indices}, axis);
  dispatch(x.dtype, [&]<typename T>() {
    lines.for_each(n, kSortGrain, [&](int64_t, const int64_t* at) {
      const T* from = x.as<const T>() + at[0];
      std::vector<Wide>& entries = entries_of<Wide>(from, n, lines.step[0], false);
      auto middle = entries.begin() + (n - 1) / 2;
      for (int64_t i = 0; i < n; ++i)
        if (is_nan(from[i * lines.step[0]])) middle = entries.end() - 1;
      std::nth_element(entries.begin(), middle, entries.end());
      values.as<T>()[at[1]] = from[middle->index() * lines.step[0]];
      indices.as<int64_t>()[at[2]] = middle->index();
    });
  });
}

}  // namespace

void register_sort(Table& table) {
  table.add("sort").kernel = sort_kernel;
  table.add("topk").kernel = topk_kernel;
  table.add("median").kernel = median_kernel;
}

}  // namespace rush::kernels::cpu
