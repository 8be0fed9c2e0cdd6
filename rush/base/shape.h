// Dims: sizes, strides or axes, inline and without allocation; and the arithmetic on shapes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "rush/base/error.h"

namespace rush {

inline constexpr int kMaxRank = 12;

// A short list of int64 held inline. Copies touch only the elements that exist.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> v) : Dims(v.begin(), v.size()) {}
  Dims(std::span<const int64_t> v) : Dims(v.data(), v.size()) {}
  Dims(const std::vector<int64_t>& v) : Dims(v.data(), v.size()) {}
  Dims(const int64_t* data, size_t n) {
    if (n > kMaxRank) too_long(n);
    n_ = static_cast<int32_t>(n);
    for (size_t i = 0; i < n; ++i) v_[i] = data[i];
  }
  Dims(const Dims& o) : n_(o.n_) { copy(o); }
  Dims& operator=(const Dims& o) {
    n_ = o.n_;
    copy(o);
    return *this;
  }
  static Dims filled(int n, int64_t value) {
    if (n < 0 || n > kMaxRank) too_long(n);
    Dims d;
    d.n_ = n;
    for (int i = 0; i < n; ++i) d.v_[i] = value;
    return d;
  }

  int size() const { return n_; }
  bool empty() const { return n_ == 0; }
  int64_t& operator[](int i) { return v_[i]; }
  int64_t operator[](int i) const { return v_[i]; }
  int64_t back() const { return v_[n_ - 1]; }
  const int64_t* data() const { return v_; }
  int64_t* data() { return v_; }
  const int64_t* begin() const { return v_; }
  const int64_t* end() const { return v_ + n_; }
  int64_t* begin() { return v_; }
  int64_t* end() { return v_ + n_; }
  void push_back(int64_t v) {
    if (n_ == kMaxRank) too_long(n_ + 1);
    v_[n_++] = v;
  }
  void insert(int at, int64_t v);
  void erase(int at);
  void clear() { n_ = 0; }
  void pop_back() { --n_; }
  std::vector<int64_t> vec() const { return {begin(), end()}; }
  friend bool operator==(const Dims& a, const Dims& b) {
    if (a.n_ != b.n_) return false;
    for (int i = 0; i < a.n_; ++i)
      if (a.v_[i] != b.v_[i]) return false;
    return true;
  }

 private:
  [[noreturn]] static void too_long(size_t n);
  void copy(const Dims& o) {
    for (int i = 0; i < n_; ++i) v_[i] = o.v_[i];
  }
  int32_t n_ = 0;
  int64_t v_[kMaxRank];
};

using Shape = Dims;
using Strides = Dims;

std::string to_text(const Dims& d);  // "[64, 784]"
std::ostream& operator<<(std::ostream& os, const Dims& d);

// Number of elements; ShapeError when a size is negative or the product (or the byte count for
// `item_size`) does not fit an int64.
int64_t checked_numel(const Shape& shape, size_t item_size, const char* op);
// Number of elements of a shape already known to be sound.
inline int64_t numel(const Shape& s) {
  int64_t n = 1;
  for (int64_t v : s) n *= v;
  return n;
}
Strides contiguous_strides(const Shape& shape);
// The shape both broadcast to; ShapeError naming op and both shapes otherwise.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);
// Maps axis in [-rank, rank) to [0, rank); IndexError naming op and range otherwise.
int normalize_axis(const char* op, int64_t axis, int rank);
// Normalised, sorted, without repeats (ShapeError if one repeats); an empty list means all axes.
Dims normalize_axes(const char* op, const Dims& axes, int rank);

}  // namespace rush
