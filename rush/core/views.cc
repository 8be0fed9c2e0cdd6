// In-place writes through views of recorded tensors. The new values of the whole tensor are its old
// ones with a part replaced, and each of its views is a part of them: as_strided_scatter and
// as_strided say so, for any chain of views, as soon as the axes of the whole are brought into the
// order in which they lie in memory.
#include <algorithm>

#include "rush/core/internal.h"
#include "rush/kernels/attrs/movement.h"
#include "rush/kernels/attrs/strided.h"

namespace rush {
namespace {

// The axes in the order in which they lie in memory, the outermost first.
Dims memory_order(const Layout& layout) {
  Dims axes;
  for (int i = 0; i < layout.rank(); ++i) axes.push_back(i);
  const auto is_outer = [&](int64_t a, int64_t b) {
    const bool is_line_a = layout.shape[a] == 1, is_line_b = layout.shape[b] == 1;
    if (is_line_a || is_line_b) return is_line_a && !is_line_b;  // their strides mean nothing
    return layout.strides[a] > layout.strides[b];
  };
  std::stable_sort(axes.begin(), axes.end(), is_outer);
  return axes;
}

Dims inverse(const Dims& axes) {
  Dims back = axes;
  for (int i = 0; i < axes.size(); ++i) back[axes[i]] = i;
  return back;
}

Tensor permuted(const Tensor& x, const Dims& axes) {
  static const Op& permute = *find_op("permute");
  return std::is_sorted(axes.begin(), axes.end()) ? x : apply(permute, {x}, PermuteAttrs{axes});
}

// The part of the whole tensor, its axes in memory order, that a view shows.
StridedAttrs part_of(const Layout& whole, const Layout& view) {
  return {view.shape, view.strides, view.offset - whole.offset};
}

Tensor tensor_with(const TensorBody& like, const Layout& layout, const Edge& edge) {
  auto body = TensorBody::make();
  body->storage = like.storage;
  body->layout = layout;
  body->dtype = like.dtype;
  body->edge = edge;
  return Tensor(std::move(body));
}

void check_is_part(const TensorBody& whole, const TensorBody& view) {
  if (whole.storage != view.storage)
    fail("a view of shape ", view.layout.shape, " was taken before its tensor was given other ",
         "data, so it has no gradient any more; take the view again");
  if (!is_dense(whole.layout.shape, whole.layout.strides))
    fail("a view of shape ", view.layout.shape, " cannot take over the history of its tensor, ",
         "which has gaps in memory (strides ", whole.layout.strides,
         "): take the view again, of contiguous()");
}

// The history of `shape` after the elements that `part` names were replaced by those of `written`.
Edge replaced_part(const Edge& before, const Edge& written, const Spec& whole,
                   const StridedAttrs& part) {
  static const Op& scatter = *find_op("as_strided_scatter");
  const Ref<Node> node = Node::make(&scatter);
  node->needs_grad = true;
  node->origin = t_origin;
  node->attrs = AttrBox(AttrRef(part));
  node->inputs.push_back(before);
  node->inputs.push_back(written);
  node->outputs.push_back(whole);
  if (detail::t_detect_anomaly) node->extras().trace = detail::call_site();
  return Edge(node.get(), 0);
}

void rewire_whole(const TensorBody& view, const Edge& written) {
  TensorBody& whole = *view.base;
  const Dims order = memory_order(whole.layout);
  const Tensor before = permuted(tensor_with(whole, whole.layout, whole.edge), order);
  const Edge edge = replaced_part(before.body().edge, written, {before.shape(), whole.dtype},
                                  part_of(whole.layout, view.layout));
  const Tensor after = tensor_with(whole, before.layout(), edge);
  whole.edge = permuted(after, inverse(order)).body().edge;
}

}  // namespace

bool is_recorded(const Tensor& t) {
  const TensorBody& b = t.body();
  return b.edge || (b.base && b.base->edge);
}

void refresh_view(const Tensor& t) {
  static const Op& as_strided = *find_op("as_strided");
  TensorBody& b = t.body();
  if (!b.base || !b.storage || b.history == b.storage->history()) return;
  const TensorBody& whole = *b.base;
  if (whole.edge) {
    check_is_part(whole, b);
    const EnableGrad recording;
    const Tensor x =
        permuted(tensor_with(whole, whole.layout, whole.edge), memory_order(whole.layout));
    b.edge = apply(as_strided, {x}, part_of(whole.layout, b.layout)).body().edge;
  } else {
    b.edge = Edge();
  }
  b.history = b.storage->history();
}

void rewire(const Tensor& target, const Edge& written) {
  const EnableGrad recording;
  TensorBody& b = target.body();
  if (b.base) {
    check_is_part(*b.base, b);
    rewire_whole(b, written);
  } else if (written || !b.edge) {
    b.edge = written;
  } else {  // overwritten as a whole: what it came from gets a gradient of zeros
    b.edge = replaced_part(b.edge, written, {b.layout.shape, b.dtype},
                           {b.layout.shape, contiguous_strides(b.layout.shape), 0});
  }
  b.storage->start_history();
  refresh_view(target);
}

}  // namespace rush
