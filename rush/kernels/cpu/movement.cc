// Kernels of the movement ops that copy: cat, flip, pad, triangles, and the reverses of views.
#include "rush/kernels/attrs/movement.h"

#include <algorithm>
#include <array>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/strided.h"
#include "rush/kernels/cpu/boxes.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/stride_runs.h"

namespace rush::kernels::cpu {
namespace {

void cat(const Call& c) {
  const View& out = c.out[0];
  const int axis = normalize_axis("cat", c.attributes<CatAttrs>().axis, out.shape.size());
  Dims start = Dims::filled(out.shape.size(), 0);
  for (const View& in : c.in) {
    copy_elements(box_of(out, start, in.shape), in);
    start[axis] += in.shape[axis];
  }
}

void flip(const Call& c) {
  View in = c.in[0];
  const Dims& axes = c.attributes<FlipAttrs>().axes;
  int64_t shift = 0;
  for (int64_t a : axes) {
    if (in.shape.empty() || in.numel() == 0) break;
    const int axis = normalize_axis("flip", a, in.shape.size());
    shift += (in.shape[axis] - 1) * in.strides[axis];
    in.strides[axis] = -in.strides[axis];
  }
  in.data = static_cast<char*>(in.data) + shift * static_cast<int64_t>(size_of(in.dtype));
  copy_elements(c.out[0], in);
}

void constant_pad(const Call& c) {
  const auto& a = c.attributes<ConstantPadAttrs>();
  const View &in = c.in[0], &out = c.out[0];
  const int rank = in.shape.size();
  // The kept box: where it starts in the input and in the output.
  Dims from = Dims::filled(rank, 0), to = from;
  Shape box = in.shape;
  for (int i = 0; i < rank; ++i) {
    from[i] = std::max<int64_t>(-a.before[i], 0);
    to[i] = std::max<int64_t>(a.before[i], 0);
    box[i] = std::min(in.shape[i] - from[i], out.shape[i] - to[i]);
    box[i] = std::max<int64_t>(box[i], 0);
  }
  fill_outside(out, to, box, a.value);
  copy_elements(box_of(out, to, box), box_of(in, from, box));
}

void slice_grad(const Call& c) {
  const auto& a = c.attributes<SliceGradAttrs>();
  const View &in = c.in[0], &out = c.out[0];
  const bool has_gaps = std::any_of(a.step.begin(), a.step.end(), [](int64_t s) { return s > 1; });
  if (has_gaps)
    fill_view(out, 0);
  else
    fill_outside(out, a.start, in.shape, 0);
  copy_elements(box_of(out, a.start, in.shape, a.step), in);
}

void slice_put(const Call& c) {
  const auto& a = c.attributes<SlicePutAttrs>();
  copy_elements(c.out[0], c.in[0]);
  copy_elements(box_of(c.out[0], a.start, c.in[1].shape, a.step), c.in[1]);
}

void diagonal_grad(const Call& c) {
  const auto& a = c.attributes<DiagonalGradAttrs>();
  const View &in = c.in[0], &out = c.out[0];
  fill_view(out, 0);
  if (in.numel() == 0) return;
  const int axis1 = normalize_axis("diagonal_grad", a.axis1, out.shape.size());
  const int axis2 = normalize_axis("diagonal_grad", a.axis2, out.shape.size());
  View diagonal = out;
  diagonal.shape = in.shape;
  const int64_t shift = std::max<int64_t>(-a.offset, 0) * out.strides[axis1] +
                        std::max<int64_t>(a.offset, 0) * out.strides[axis2];
  diagonal.data = static_cast<char*>(out.data) + shift * static_cast<int64_t>(size_of(out.dtype));
  diagonal.strides.erase(std::max(axis1, axis2));
  diagonal.strides.erase(std::min(axis1, axis2));
  diagonal.strides.push_back(out.strides[axis1] + out.strides[axis2]);
  copy_elements(diagonal, in);
}

// Window after window, so that what several windows share is added in a fixed order.
void unfold_grad(const Call& c) {
  const auto& a = c.attributes<UnfoldGradAttrs>();
  const View &in = c.in[0], &out = c.out[0];
  const int axis = normalize_axis("unfold_grad", a.axis, out.shape.size());
  fill_view(out, 0);
  if (in.numel() == 0) return;
  // One window as the output sees it: its axis moves to the end, as in the input.
  View from = in, to = out;
  from.shape.erase(axis);
  from.strides.erase(axis);
  to.shape = from.shape;
  to.strides.erase(axis);
  to.strides.push_back(out.strides[axis]);
  const int64_t item = static_cast<int64_t>(size_of(out.dtype));
  for (int64_t w = 0; w < in.shape[axis]; ++w) {
    from.data = static_cast<char*>(in.data) + w * in.strides[axis] * item;
    to.data = static_cast<char*>(out.data) + w * a.step * out.strides[axis] * item;
    add_view(to, from);
  }
}

// The part of a contiguous `out` that has these strides, as a view of `shape`.
View part_of(const View& out, const Shape& shape, const Dims& strides, int64_t offset) {
  View part = out;
  part.data = static_cast<char*>(out.data) + offset * static_cast<int64_t>(size_of(out.dtype));
  part.shape = shape;
  part.strides = strides;
  return part;
}

// Whether the strides are seen to show every element once: each steps over all that the smaller
// ones reach.
bool shows_once(const View& v) {
  std::array<int, kMaxRank> order{};
  int count = 0;
  for (int i = 0; i < v.shape.size(); ++i)
    if (v.shape[i] > 1) order[count++] = i;
  std::sort(order.begin(), order.begin() + count,
            [&](int a, int b) { return v.strides[a] < v.strides[b]; });
  int64_t reach = 0;
  for (int k = 0; k < count; ++k) {
    const int i = order[k];
    if (v.strides[i] <= reach) return false;
    reach += (v.shape[i] - 1) * v.strides[i];
  }
  return true;
}

// write(to, from), one index of the first axis after another where elements are shown several
// times: so the order is fixed.
void write_in_order(const View& to, const View& from, void (*write)(const View&, const View&)) {
  if (to.numel() == 0) return;
  if (shows_once(to)) return write(to, from);
  View part = to, value = from;
  for (Dims* d : {&part.shape, &part.strides, &value.shape, &value.strides}) d->erase(0);
  const auto item = static_cast<int64_t>(size_of(to.dtype));
  for (int64_t i = 0; i < to.shape[0]; ++i) {
    part.data = static_cast<char*>(to.data) + i * to.strides[0] * item;
    value.data = static_cast<char*>(from.data) + i * from.strides[0] * item;
    write_in_order(part, value, write);
  }
}

void as_strided_grad(const Call& c) {
  const auto& a = c.attributes<StridedAttrs>();
  fill_view(c.out[0], 0);
  write_in_order(part_of(c.out[0], c.in[0].shape, a.strides, a.offset), c.in[0], add_view);
}

void as_strided_scatter(const Call& c) {
  const auto& a = c.attributes<StridedAttrs>();
  copy_elements(c.out[0], c.in[0]);
  write_in_order(part_of(c.out[0], a.shape, a.strides, a.offset), c.in[1], copy_elements);
}

// Element offset of row `row` (all axes but the last, in row-major order).
int64_t row_offset(const View& v, int64_t row) {
  int64_t offset = 0;
  for (int d = v.shape.size() - 2; d >= 0; --d) {
    offset += row % v.shape[d] * v.strides[d];
    row /= v.shape[d];
  }
  return offset;
}

template <bool kLower>
void triangle(const Call& c) {
  const View &in = c.in[0], &out = c.out[0];
  if (out.numel() == 0) return;
  const int rank = out.shape.size();
  const int64_t columns = out.shape[rank - 1], height = out.shape[rank - 2];
  const int64_t diagonal =
      std::clamp(c.attributes<TriangleAttrs>().diagonal, -height - 1, columns + 1);
  by_width(size_of(out.dtype), [&]<typename T>() {
    const int64_t in_step = in.strides[rank - 1], out_step = out.strides[rank - 1];
    const auto body = [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* from = in.as<const T>() + row_offset(in, row);
        T* to = out.as<T>() + row_offset(out, row);
        // The first column of the upper part: above the diagonal for tril, on it for triu.
        const int64_t border =
            std::clamp<int64_t>(row % height + diagonal + (kLower ? 1 : 0), 0, columns);
        for (int64_t j = 0; j < border; ++j) to[j * out_step] = kLower ? from[j * in_step] : T{0};
        for (int64_t j = border; j < columns; ++j)
          to[j * out_step] = kLower ? T{0} : from[j * in_step];
      }
    };
    parallel_for(out.numel() / columns, std::max<int64_t>(grain_for(1) / columns, 1), body);
  });
}

// Where the layout of the input does not allow a view.
void reshape(const Call& c) {
  View flat = c.out[0];
  flat.shape = c.in[0].shape;
  flat.strides = contiguous_strides(flat.shape);
  copy_elements(flat, c.in[0]);
}

}  // namespace

void register_movement(Table& t) {
  t.add("reshape").kernel = reshape;
  t.add("cat").kernel = cat;
  t.add("flip").kernel = flip;
  t.add("constant_pad").kernel = constant_pad;
  t.add("slice_grad").kernel = slice_grad;
  t.add("slice_put").kernel = slice_put;
  t.add("diagonal_grad").kernel = diagonal_grad;
  t.add("unfold_grad").kernel = unfold_grad;
  t.add("as_strided_grad").kernel = as_strided_grad;
  t.add("as_strided_scatter").kernel = as_strided_scatter;
  t.add("tril").kernel = triangle<true>;
  t.add("triu").kernel = triangle<false>;
}

}  // namespace rush::kernels::cpu
