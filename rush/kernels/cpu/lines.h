// Walking a tensor line by line along one axis, for ops that work within lines: scans, sorts,
// arg-reductions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "rush/base/threads.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// The lines of up to four operands of one shape (which may differ along `axis` only).
struct Lines {
  static constexpr int kOperands = 4;
  int rank = 0, operands = 0;
  int64_t count = 1;  // of lines
  Shape shape;        // without the axis
  Strides strides[kOperands];
  int64_t step[kOperands] = {};  // along the axis

  // A 0-d operand is one line of one element.
  Lines(std::initializer_list<const View*> views, int64_t axis) {
    const int full = (*views.begin())->shape.size();
    const int at = full == 0 ? 0 : static_cast<int>(axis < 0 ? axis + full : axis);
    for (int i = 0; i < full; ++i) {
      if (i == at) continue;
      shape.push_back((*views.begin())->shape[i]);
      count *= shape.back();
    }
    rank = shape.size();
    for (const View* v : views) {
      for (int i = 0; i < full; ++i)
        if (i != at) strides[operands].push_back(v->strides[i]);
      step[operands++] = full == 0 ? 1 : v->strides[at];
    }
  }

  // Calls f(line, offsets) for every line, in parallel in blocks of about `grain` elements;
  // offsets[k] is where the line starts in operand k.
  template <typename F>
  void for_each(int64_t length, int64_t grain, const F& f) const {
    parallel_for(count, std::max<int64_t>(1, grain / std::max<int64_t>(1, length)),
                 [&](int64_t begin, int64_t end) {
                   int64_t index[kMaxRank], offset[kOperands] = {};
                   int64_t rest = begin;
                   for (int i = rank - 1; i >= 0; --i) {
                     index[i] = rest % shape[i];
                     rest /= shape[i];
                     for (int k = 0; k < operands; ++k) offset[k] += index[i] * strides[k][i];
                   }
                   for (int64_t line = begin; line < end; ++line) {
                     f(line, offset);
                     advance(index, offset);
                   }
                 });
  }

  // Where a line starts in operand k.
  int64_t offset_of(int64_t line, int k) const {
    int64_t offset = 0;
    for (int i = rank - 1; i >= 0; --i) {
      offset += line % shape[i] * strides[k][i];
      line /= shape[i];
    }
    return offset;
  }

  // Neighbouring lines, up to `size` of them, as one: f(line, offsets) of for_each then sees the
  // first of a group; group_size() tells how many there are. Requires: rank >= 1.
  Lines grouped(int64_t size) const {
    Lines groups = *this;
    int64_t& last = groups.shape[rank - 1];
    groups.lines_in_last_ = last;
    groups.group_ = size;
    last = (last + size - 1) / size;
    groups.count = numel(groups.shape);
    for (int k = 0; k < operands; ++k) groups.strides[k][rank - 1] *= size;
    return groups;
  }
  int64_t group_size(int64_t line) const {
    return std::min(group_, lines_in_last_ - line % shape[rank - 1] * group_);
  }

 private:
  void advance(int64_t* index, int64_t* offset) const {
    for (int i = rank - 1; i >= 0; --i) {
      for (int k = 0; k < operands; ++k) offset[k] += strides[k][i];
      if (++index[i] < shape[i]) return;
      for (int k = 0; k < operands; ++k) offset[k] -= shape[i] * strides[k][i];
      index[i] = 0;
    }
  }
  int64_t lines_in_last_ = 1, group_ = 1;
};

// `x` with an axis of size 1 inserted, so that it has the lines of an operand that has the axis.
inline View with_axis(View x, int axis) {
  x.shape.insert(axis, 1);
  x.strides.insert(axis, 0);
  return x;
}

inline int64_t line_length(const View& x, int64_t axis) {
  const int rank = x.shape.size();
  return rank == 0 ? 1 : x.shape[static_cast<int>(axis < 0 ? axis + rank : axis)];
}

}  // namespace rush::kernels::cpu
