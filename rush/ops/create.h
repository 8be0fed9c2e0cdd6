// Tensors made of nothing but numbers. Without a dtype, floating numbers make the default floating
// type, whole numbers int64, truth values bool.
#pragma once

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush {

// A tensor of `shape` with the one element of `value` everywhere.
Tensor full(const Shape& shape, const Tensor& value, std::optional<DType> dtype = {});
Tensor zeros(const Shape& shape, std::optional<DType> dtype = {});
Tensor ones(const Shape& shape, std::optional<DType> dtype = {});
Tensor empty(const Shape& shape, std::optional<DType> dtype = {});  // values are arbitrary

// In the shape (and, unless given, dtype) of x.
Tensor full_like(const Tensor& x, const Tensor& value, std::optional<DType> dtype = {});
Tensor zeros_like(const Tensor& x, std::optional<DType> dtype = {});
Tensor ones_like(const Tensor& x, std::optional<DType> dtype = {});
Tensor empty_like(const Tensor& x, std::optional<DType> dtype = {});

// start, start + step, ... before end. Weak numbers or 0-d tensors; whole ones give int64.
Tensor arange(const Tensor& start, const Tensor& end, const Tensor& step = 1,
              std::optional<DType> dtype = {});
Tensor arange(const Tensor& end, std::optional<DType> dtype = {});
Tensor linspace(double start, double end, int64_t steps, std::optional<DType> dtype = {});
Tensor eye(int64_t n, std::optional<int64_t> m = {}, std::optional<DType> dtype = {});  // [n, m]

}  // namespace rush
