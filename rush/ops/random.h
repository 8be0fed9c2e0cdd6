// Random tensors: for the same seed the numbers of PyTorch's CPU generator; and dropout.
#pragma once

#include <optional>

#include "rush/base/random.h"
#include "rush/tensor/tensor.h"

namespace rush {

Tensor rand(const Shape& shape, std::optional<DType> dtype = {});   // uniform in [0, 1)
Tensor randn(const Shape& shape, std::optional<DType> dtype = {});  // normal: mean 0, deviation 1
Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype = int64);  // [low, high)
Tensor randint(int64_t high, const Shape& shape, DType dtype = int64);
Tensor randperm(int64_t n, DType dtype = int64);  // 0 .. n - 1 in random order
Tensor rand_like(const Tensor& x, std::optional<DType> dtype = {});
Tensor randn_like(const Tensor& x, std::optional<DType> dtype = {});
Tensor bernoulli(const Tensor& p);  // 1 with probability p, else 0; in p's shape and dtype

// Overwrite a tensor; each returns it. Without a generator they draw from default_generator().
const Tensor& uniform_(const Tensor& x, double low = 0, double high = 1, Generator* generator = {});
const Tensor& normal_(const Tensor& x, double mean = 0, double std = 1, Generator* generator = {});
const Tensor& random_(const Tensor& x, int64_t low, int64_t high, Generator* generator = {});
const Tensor& bernoulli_(const Tensor& x, double p = 0.5, Generator* generator = {});

// While training: each element is 0 with probability p, else x / (1 - p). Otherwise x itself.
Tensor dropout(const Tensor& x, double p = 0.5, bool training = true);

}  // namespace rush
