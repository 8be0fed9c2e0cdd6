// t-SNE (van der Maaten and Hinton, 2008): points in a plane whose neighbours are those of the rows
// of x. Exact, so for some thousand rows.
#pragma once

#include <rush/tensor/tensor.h>

namespace demo {

struct TsneOptions {
  double perplexity = 30;  // about how many neighbours count
  int steps = 500;
};
// x: [N, features] -> [N, 2], the same for the same random seed.
rush::Tensor tsne(const rush::Tensor& x, const TsneOptions& options = {});

}  // namespace demo
