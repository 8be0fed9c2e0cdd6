// Small helpers that the indexing families share.
#pragma once

#include "rush/core/op.h"

namespace rush {

// `index` as int64: other signed integers are converted, anything else is a TypeError.
Tensor as_index(const char* op, const Tensor& index);
// TypeError for bool: truth values cannot be added.
void require_number(const InferCall& c, size_t input);
inline constexpr std::initializer_list<DType> kNumbers = {
    DType::kUInt8,   DType::kInt8,     DType::kInt16,   DType::kInt32,  DType::kInt64,
    DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};
// Error for a placeholder: the size of the result depends on x's values.
void require_data(const char* op, const Tensor& x);
// Zeros without memory: one element, expanded.
Tensor zeros_of(const Spec& spec);

}  // namespace rush
