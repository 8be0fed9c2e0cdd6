// MNIST: handwritten digits, 28 x 28, as uint8 images [N, 1, 28, 28] and int64 labels [N]. Without
// a folder: the extract of 10,000 + 2,000 images that comes with the library.
//
//   MnistDataset train, test({.train = false});
//   DataLoader loader(transformed(train, Normalize{{0.1307}, {0.3081}}), {.batch_size = 64});
#pragma once

#include <string>

#include "rush/data/tensor_dataset.h"

namespace rush::data {

struct MnistOptions {
  std::string folder{};  // with the four files, plain or .gz, in itself or in its folder `mnist`
  bool train = true;
  bool download = false;  // get missing files into `folder` (or the cache folder when not named)
};

class MnistDataset {
 public:
  explicit MnistDataset(const MnistOptions& options = {});

  int64_t size() const { return data_.size(); }
  const Tensor& images() const { return data_.field(0); }
  const Tensor& labels() const { return data_.field(1); }
  const std::string& folder() const { return folder_; }
  std::array<Tensor, 2> batch(Rows rows, Random& random) const { return data_.batch(rows, random); }

 private:
  std::string folder_;
  TensorDataset<2> data_;
};

// Gets the four files of the full set into `folder`, unless they are there; returns the folder.
std::string download_mnist(const std::string& folder);

}  // namespace rush::data
