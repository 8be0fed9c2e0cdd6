#include "rush/data/dataset.h"

#include <cstring>

namespace rush::data {
namespace {

// Shape without the first axis.
Shape row_shape(const Tensor& t) {
  Shape shape = t.shape();
  shape.erase(0);
  return shape;
}

size_t bytes_of(const Tensor& t) { return static_cast<size_t>(t.numel()) * size_of(t.dtype()); }

void check_same(const char* op, const Tensor& a, const Tensor& b, const Shape& shape_a,
                const Shape& shape_b) {
  if (!(shape_a == shape_b))
    fail<ShapeError>(op, ": examples differ in shape: ", shape_a, " and ", shape_b);
  if (a.dtype() != b.dtype())
    fail<TypeError>(op, ": examples differ in type: ", a.dtype(), " and ", b.dtype());
}

// Copies the parts one behind the other into a new tensor.
Tensor join(std::span<const Tensor> parts, const Shape& shape) {
  Tensor out = Tensor::empty(shape, parts[0].dtype());
  auto* to = static_cast<char*>(out.raw());
  for (const Tensor& part : parts) {
    const Tensor dense = part.contiguous();
    const size_t n = bytes_of(dense);
    if (n > 0) std::memcpy(to, dense.raw(), n);
    to += n;
  }
  return out;
}

}  // namespace

Tensor stack_rows(std::span<const Tensor> items) {
  if (items.empty()) fail<ShapeError>("stack: no examples");
  for (const Tensor& item : items)
    check_same("stack", items[0], item, items[0].shape(), item.shape());
  Shape shape = items[0].shape();
  shape.insert(0, static_cast<int64_t>(items.size()));
  return join(items, shape);
}

Tensor concat_rows(std::span<const Tensor> parts) {
  if (parts.empty()) fail<ShapeError>("concat: no examples");
  int64_t rows = 0;
  for (const Tensor& part : parts) {
    if (part.rank() == 0) fail<ShapeError>("concat: a 0-d tensor has no rows");
    check_same("concat", parts[0], part, row_shape(parts[0]), row_shape(part));
    rows += part.size(0);
  }
  Shape shape = parts[0].shape();
  shape[0] = rows;
  return join(parts, shape);
}

Tensor gather_rows(const Tensor& source, Rows rows) {
  const int64_t count = source.size(0);
  Shape shape = source.shape();
  shape[0] = static_cast<int64_t>(rows.size());
  Tensor out = Tensor::empty(shape, source.dtype());
  const size_t row_bytes = count > 0 ? bytes_of(source) / static_cast<size_t>(count) : 0;
  auto* from = static_cast<const char*>(source.raw());
  auto* to = static_cast<char*>(out.raw());
  for (int64_t row : rows) {
    if (row < 0 || row >= count)
      fail<IndexError>("dataset: row ", row, " of a dataset of ", count, " rows");
    if (row_bytes > 0) std::memcpy(to, from + static_cast<size_t>(row) * row_bytes, row_bytes);
    to += row_bytes;
  }
  return out;
}

}  // namespace rush::data
