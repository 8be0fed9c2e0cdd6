#include "rush/base/shape.h"

#include <algorithm>
#include <ostream>

#include "rush/base/unknown.h"

namespace rush {

void Dims::too_long(size_t n) {
  fail<ShapeError>("shape: at most ", kMaxRank, " dimensions are supported; got ",
                   static_cast<int64_t>(n));
}

void Dims::insert(int at, int64_t v) {
  push_back(v);
  for (int i = n_ - 1; i > at; --i) v_[i] = v_[i - 1];
  v_[at] = v;
}

void Dims::erase(int at) {
  for (int i = at; i + 1 < n_; ++i) v_[i] = v_[i + 1];
  --n_;
}

std::string to_text(const Dims& d) {
  std::string text = "[";
  for (int i = 0; i < d.size(); ++i) {
    if (i > 0) text += ", ";
    text += size_text(d[i]);
  }
  return text + "]";
}

std::ostream& operator<<(std::ostream& os, const Dims& d) { return os << to_text(d); }

int64_t checked_numel(const Shape& shape, size_t item_size, const char* op) {
  for (int64_t v : shape)
    if (v < 0) fail<ShapeError>(op, ": sizes must not be negative; got ", shape);
  // A zero anywhere makes the tensor empty, but the other sizes must still be addressable.
  int64_t bytes = static_cast<int64_t>(item_size);
  bool is_empty = false;
  for (int64_t v : shape) {
    if (v == 0)
      is_empty = true;
    else if (__builtin_mul_overflow(bytes, v, &bytes))
      fail<ShapeError>(op, ": the byte count of shape ", shape, " overflows 64 bits");
  }
  return is_empty ? 0 : bytes / static_cast<int64_t>(item_size);
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Dims::filled(shape.size(), 1);
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const int shift = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); ++i) {
    const int64_t s = shorter[i];
    int64_t& o = out[i + shift];
    if (o == s || s == 1) continue;
    if (o != 1)
      fail<ShapeError>(op, ": shapes do not broadcast: ", a, " and ", b, " (dimension ",
                       i + shift - out.size(), ": ", o, " and ", s, "; equal sizes or 1 would do)");
    o = s;
  }
  return out;
}

int normalize_axis(const char* op, int64_t axis, int rank) {
  // A 0-d tensor accepts axes 0 and -1, as PyTorch's do.
  const int64_t span = rank == 0 ? 1 : rank;
  if (axis < -span || axis >= span)
    fail<IndexError>(op, ": axis ", axis, " is out of range; a tensor of rank ", rank,
                     " takes axes ", -span, " to ", span - 1);
  return static_cast<int>(axis < 0 ? axis + span : axis);
}

Dims normalize_axes(const char* op, const Dims& axes, int rank) {
  Dims out;
  if (axes.empty()) {
    for (int i = 0; i < rank; ++i) out.push_back(i);
    return out;
  }
  for (int64_t axis : axes) out.push_back(normalize_axis(op, axis, rank));
  std::sort(out.begin(), out.end());
  for (int i = 1; i < out.size(); ++i)
    if (out[i] == out[i - 1]) fail<ShapeError>(op, ": axis ", out[i], " is named twice in ", axes);
  if (rank == 0) out.clear();
  return out;
}

}  // namespace rush
