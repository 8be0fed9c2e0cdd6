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
// 0 .. n - 1 in random order; without a generator it draws from default_generator().
Tensor randperm(int64_t n, DType dtype = int64, Generator* generator = {});
Tensor rand_like(const Tensor& x, std::optional<DType> dtype = {});
Tensor randn_like(const Tensor& x, std::optional<DType> dtype = {});
// 1 with probability p, else 0; in p's shape and dtype.
Tensor bernoulli(const Tensor& p, Generator* generator = {});

Tensor randint_like(const Tensor& x, int64_t low, int64_t high, std::optional<DType> dtype = {});
Tensor normal(const Tensor& mean, const Tensor& std);  // broadcast; gradients go to both
// How many events happen; no gradient.
Tensor poisson(const Tensor& rate, Generator* generator = {});
// In x's shape and dtype.
Tensor exponential_like(const Tensor& x, double lambd = 1, Generator* generator = {});
Tensor geometric_like(const Tensor& x, double p, Generator* generator = {});
Tensor cauchy_like(const Tensor& x, double median = 0, double sigma = 1, Generator* generator = {});
Tensor log_normal_like(const Tensor& x, double mean = 1, double std = 2);
// Categories drawn with probabilities in the proportions of p: [N] or [rows, N]; int64.
Tensor multinomial(const Tensor& p, int64_t num_samples, bool replacement = false,
                   Generator* generator = {});
// The least k that a Poisson variable is at or below with probability u or more.
Tensor poisson_quantile(const Tensor& u, const Tensor& rate);

// Overwrite a tensor; each returns it. Without a generator they draw from default_generator().
const Tensor& uniform_(const Tensor& x, double low = 0, double high = 1, Generator* generator = {});
const Tensor& normal_(const Tensor& x, double mean = 0, double std = 1, Generator* generator = {});
// Without `high`: up to the largest whole number that the dtype holds exactly, itself included.
const Tensor& random_(const Tensor& x, int64_t low, std::optional<int64_t> high = {},
                      Generator* generator = {});
const Tensor& bernoulli_(const Tensor& x, double p = 0.5, Generator* generator = {});

// While training: each element is 0 with probability p, else x / (1 - p). Otherwise x itself.
Tensor dropout(const Tensor& x, double p = 0.5, bool training = true);

}  // namespace rush
