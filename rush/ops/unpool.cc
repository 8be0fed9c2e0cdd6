// The way back from a max pool: a scatter to where its maxima were.
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"

namespace rush {

Tensor max_unpool(const Tensor& x, const Tensor& indices, const Dims& output_size) {
  const int axes = output_size.size();
  if (x.rank() != axes + 1 && x.rank() != axes + 2)
    fail<ShapeError>("max_unpool: x must be [N, C, size...] or [C, size...] with ", axes,
                     " sizes; got ", x.shape());
  if (indices.dtype() != DType::kInt64 || !(indices.shape() == x.shape()))
    fail<ShapeError>("max_unpool: indices must be int64 in the shape of x, ", x.shape(), "; got ",
                     indices.dtype(), indices.shape());
  Shape whole = x.shape(), flat;
  for (int i = 0; i < axes; ++i) whole[x.rank() - axes + i] = output_size[i];
  for (int i = 0; i < x.rank() - axes; ++i) flat.push_back(x.size(i));
  flat.push_back(numel(output_size));
  const int64_t first = x.rank() - axes;
  const Tensor y = scatter(zeros(flat, x.dtype()), -1, flatten(indices, first), flatten(x, first));
  return reshape(y, whole);
}

}  // namespace rush
