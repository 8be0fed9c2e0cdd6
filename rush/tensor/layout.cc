#include "rush/tensor/layout.h"

#include <algorithm>
#include <array>

namespace rush {

bool is_contiguous(const Shape& shape, const Strides& strides) {
  int64_t step = 1;
  bool row_major = true;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != step) row_major = false;
    step *= shape[i];
  }
  return row_major;
}

namespace {

// Dimensions from the largest stride to the smallest; equal strides keep their order.
std::array<int, kMaxRank> by_stride(const Shape& shape, const Strides& strides) {
  std::array<int, kMaxRank> order;
  for (int i = 0; i < shape.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.begin() + shape.size(),
                   [&](int a, int b) { return strides[a] > strides[b]; });
  return order;
}

}  // namespace

bool is_dense(const Shape& shape, const Strides& strides) {
  if (is_contiguous(shape, strides)) return true;
  const auto order = by_stride(shape, strides);
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    const int d = order[i];
    if (shape[d] == 1) continue;
    if (strides[d] != step) return false;
    step *= shape[d];
  }
  return true;
}

Strides dense_strides_like(const Shape& shape, const Strides& strides) {
  if (is_contiguous(shape, strides)) return contiguous_strides(shape);
  const auto order = by_stride(shape, strides);
  Strides out = Dims::filled(shape.size(), 1);
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    out[order[i]] = step;
    step *= std::max<int64_t>(shape[order[i]], 1);
  }
  return out;
}

Strides channels_last_strides(const Shape& shape) {
  Strides out = Dims::filled(shape.size(), 1);
  if (shape.size() < 3) return contiguous_strides(shape);
  int64_t step = std::max<int64_t>(shape[1], 1);
  for (int i = shape.size() - 1; i >= 2; --i) {
    out[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  out[0] = step;
  return out;
}

bool is_channels_last(const Shape& shape, const Strides& strides) {
  if (shape.size() < 3) return false;
  const Strides want = channels_last_strides(shape);
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 && strides[i] != want[i]) return false;
  return true;
}

std::optional<Strides> reshape_strides(const Layout& from, const Shape& shape) {
  if (from.numel() == 0) return contiguous_strides(shape);
  // Walk both shapes from the right, matching runs of old dimensions that are contiguous among
  // themselves against runs of new ones of the same size.
  Strides out = Dims::filled(shape.size(), 1);
  int next = shape.size() - 1;
  int64_t run = 1;    // elements of the current old run
  int64_t taken = 1;  // of these, how many the new dimensions cover so far
  int64_t base = from.rank() > 0 ? from.strides.back() : 1;
  for (int i = from.rank() - 1; i >= 0; --i) {
    run *= from.shape[i];
    const bool run_ends = i == 0 || (from.shape[i - 1] != 1 && from.strides[i - 1] != run * base);
    if (!run_ends) continue;
    while (next >= 0 && (taken < run || shape[next] == 1)) {
      out[next] = taken * base;
      taken *= shape[next];
      --next;
    }
    if (taken != run) return std::nullopt;
    if (i > 0) {
      base = from.strides[i - 1];
      run = taken = 1;
    }
  }
  return out;
}

}  // namespace rush
