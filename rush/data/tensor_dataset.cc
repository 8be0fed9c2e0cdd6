#include "rush/data/tensor_dataset.h"

namespace rush::data {

std::vector<Tensor> detail::check_fields(std::vector<Tensor> fields) {
  if (fields.empty()) fail<ShapeError>("TensorDataset: no tensors");
  for (Tensor& field : fields) {
    if (field.rank() == 0) fail<ShapeError>("TensorDataset: a 0-d tensor has no rows");
    if (field.size(0) != fields[0].size(0))
      fail<ShapeError>("TensorDataset: numbers of rows differ: ", fields[0].shape(), " and ",
                       field.shape());
    field = field.detach().contiguous();
  }
  return fields;
}

}  // namespace rush::data
