#include "rush/graph/passes/compose_layout.h"

#include <algorithm>
#include <array>

namespace rush::graph {
namespace {

// One dimension of the copy, outermost first: `size` elements at a distance of `copy` in the copy
// and of `original` in the original.
struct Axis {
  int64_t size, copy, original;
  int64_t last = 0;  // the largest index that the view reaches
};
using Axes = std::array<Axis, kMaxRank>;

// The dimensions of the copy as few as possible: neighbours that continue each other in both.
int axes_of(const Layout& copy, const Layout& original, Axes& axes) {
  int n = 0;
  for (int d = 0; d < copy.rank(); ++d)
    if (copy.shape[d] != 1) axes[n++] = {copy.shape[d], copy.strides[d], original.strides[d]};
  std::sort(axes.begin(), axes.begin() + n,
            [](const Axis& a, const Axis& b) { return a.copy > b.copy; });
  int kept = 0;
  for (int d = 1; d < n; ++d) {
    Axis &outer = axes[kept], &inner = axes[d];
    if (outer.original == inner.original * inner.size)
      outer = {outer.size * inner.size, inner.copy, inner.original};
    else
      axes[++kept] = inner;
  }
  return n == 0 ? 0 : kept + 1;
}

}  // namespace

std::optional<Layout> compose_layout(const Layout& view, const Layout& copy,
                                     const Layout& original) {
  Axes axes;
  const int n = axes_of(copy, original, axes);
  Layout out(view.shape, view.strides, original.offset);
  int64_t rest = view.offset;
  for (int a = 0; a < n; ++a) {
    axes[a].last = rest / axes[a].copy;
    rest %= axes[a].copy;
    out.offset += axes[a].last * axes[a].original;
  }
  if (rest != 0 || view.numel() == 0) return std::nullopt;
  for (int d = 0; d < view.rank(); ++d) {
    const int64_t stride = view.strides[d];
    if (view.shape[d] == 1 || stride == 0) continue;
    if (stride < 0) return std::nullopt;
    int a = 0;
    while (a < n && axes[a].copy > stride) ++a;
    if (a == n || stride % axes[a].copy != 0) return std::nullopt;
    const int64_t step = stride / axes[a].copy;
    axes[a].last += (view.shape[d] - 1) * step;
    out.strides[d] = step * axes[a].original;
  }
  for (int a = 0; a < n; ++a)
    if (axes[a].last >= axes[a].size) return std::nullopt;
  return out;
}

}  // namespace rush::graph
