// Matrix products by oneDNN's matmul primitive: batches, half-width types, and the shapes in which
// it beats sgemm. Compiled only where RUSH_WITH_ONEDNN is 1.
#pragma once

#include <cstdint>

#include "rush/base/dtype.h"

namespace rush::kernels::cpu::onednn {

// c[b, i, j] = sum_k a[b, i, k] * w[b, k, j] + bias[j]. Strides count elements; rows of c are
// dense.
struct MatmulShape {
  int64_t batch, m, n, k;
  int64_t a_batch, a_row, a_col;
  int64_t b_batch, b_row, b_col;
  int64_t c_batch, c_row;
};

// False: not a form that oneDNN takes. All operands have one dtype, float32 or bfloat16.
bool matmul(const MatmulShape& s, DType dtype, const void* a, const void* b, const void* bias,
            void* c);

// Whether this processor computes in bfloat16.
bool has_bfloat16();

}  // namespace rush::kernels::cpu::onednn
