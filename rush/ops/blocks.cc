// Sliding blocks: windows along two axes, as views, and their way back.
#include "rush/ops/image.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

// One axis of a pair of options, checked.
struct Windows {
  Dims kernel, dilation, padding, stride;
  Windows(const char* op, const PerAxis& k, const UnfoldOptions& o)
      : kernel(k.expand(op, "kernel", 2)),
        dilation(o.dilation.expand(op, "dilation", 2)),
        padding(o.padding.expand(op, "padding", 2)),
        stride(o.stride.expand(op, "stride", 2)) {
    for (int i = 0; i < 2; ++i)
      if (kernel[i] < 1 || dilation[i] < 1 || stride[i] < 1 || padding[i] < 0)
        fail<ShapeError>(op,
                         ": kernel, dilation and stride must be 1 or more, padding 0 or more; "
                         "got kernel ",
                         kernel, ", dilation ", dilation, ", stride ", stride, ", padding ",
                         padding);
  }
  int64_t span(int i) const { return (kernel[i] - 1) * dilation[i] + 1; }
  // How many windows there are along axis i of a given size.
  int64_t count(const char* op, const Dims& size, int i) const {
    const int64_t room = size[i] + 2 * padding[i] - span(i);
    if (room < 0)
      fail<ShapeError>(op, ": a window of ", span(i), " does not fit into size ", size[i],
                       " with padding ", padding[i]);
    return room / stride[i] + 1;
  }
};

}  // namespace

Tensor im2col(const Tensor& x, const PerAxis& kernel, const UnfoldOptions& options) {
  const Windows w("im2col", kernel, options);
  if (x.rank() == 3) return squeeze(im2col(unsqueeze(x, 0), kernel, options), 0);
  if (x.rank() != 4)
    fail<ShapeError>("im2col: x must be [N, C, H, W] or [C, H, W]; got ", x.shape());
  const Dims size{x.size(2), x.size(3)};
  const int64_t rows = w.count("im2col", size, 0), columns = w.count("im2col", size, 1);
  Tensor y = pad(x, {w.padding[1], w.padding[1], w.padding[0], w.padding[0]});
  // [N, C, rows, columns, kh, kw]
  y = unfold(unfold(y, 2, w.span(0), w.stride[0]), 3, w.span(1), w.stride[1]);
  y = slice(slice(y, 4, 0, INT64_MAX, w.dilation[0]), 5, 0, INT64_MAX, w.dilation[1]);
  return reshape(permute(y, {0, 1, 4, 5, 2, 3}),
                 {x.size(0), x.size(1) * w.kernel[0] * w.kernel[1], rows * columns});
}

Tensor fold(const Tensor& columns, const Dims& output_size, const PerAxis& kernel,
            const UnfoldOptions& options) {
  const Windows w("fold", kernel, options);
  if (columns.rank() == 2)
    return squeeze(fold(unsqueeze(columns, 0), output_size, kernel, options), 0);
  if (columns.rank() != 3 || output_size.size() != 2)
    fail<ShapeError>(
        "fold: wants columns: [N, C * kernel's size, blocks] and an output size of "
        "two; got ",
        columns.shape(), " and ", output_size);
  const int64_t area = w.kernel[0] * w.kernel[1];
  const int64_t down = w.count("fold", output_size, 0), across = w.count("fold", output_size, 1);
  if (columns.size(1) % area != 0 || columns.size(2) != down * across)
    fail<ShapeError>("fold: columns must be [N, C * ", area, ", ", down * across,
                     "] for output size ", output_size, "; got ", columns.shape());
  const int64_t n = columns.size(0), c = columns.size(1) / area;
  const Tensor blocks =
      permute(reshape(columns, {n, c, w.kernel[0], w.kernel[1], down, across}), {0, 1, 4, 5, 2, 3});
  const Shape padded{n, c, output_size[0] + 2 * w.padding[0], output_size[1] + 2 * w.padding[1]};
  // The steps of im2col backwards: holes of the dilation, windows down, windows across, padding.
  const Tensor wide = slice_grad(blocks, {n, c, down, across, w.span(0), w.span(1)},
                                 Dims::filled(6, 0), {1, 1, 1, 1, w.dilation[0], w.dilation[1]});
  const Tensor tall =
      unfold_grad(wide, {n, c, down, padded[3], w.span(0)}, 3, w.span(1), w.stride[1]);
  const Tensor y = unfold_grad(tall, padded, 2, w.span(0), w.stride[0]);
  return narrow(narrow(y, 2, w.padding[0], output_size[0]), 3, w.padding[1], output_size[1]);
}

}  // namespace rush
