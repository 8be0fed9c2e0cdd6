// Matrix products on raw memory: what matmul, linear and the portable convolution are made of.
//
// c[i, j] = sum_k a[i, k] * b[k, j], plus bias[j] or the old c[i, j]. Every operand of the product
// may have any strides (transposed, broadcast, reversed); columns of c are adjacent.
#pragma once

#include <cstdint>

#include "rush/kernels/cpu/scratch.h"

namespace rush::kernels::cpu {

template <typename T>
struct Gemm {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row, b_col;
  T* c;
  int64_t c_row;
  const T* bias = nullptr;  // [n]; not together with accumulate
  bool accumulate = false;

  int64_t work() const { return m * n * k; }
};

// Products below this many multiply-adds run on the calling thread.
inline constexpr int64_t kSerialWork = int64_t{1} << 18;

// The fastest way at hand: oneDNN's where it is built in and worth its call, else our own.
// Parallel when large and not inside a parallel region; with is_deterministic() or without oneDNN
// the bits do not depend on the number of threads.
void gemm(const Gemm<float>& g);
void gemm(const Gemm<double>& g);

// Our own kernels, vectorised with Highway, for any strides. Bits never depend on thread counts.
void gemm_portable(const Gemm<float>& g);
void gemm_portable(const Gemm<double>& g);

// b: [k, n], laid out once for many products of a few rows. They run on the calling thread, and a
// row of the result depends on nothing but its row of a: not on how rows are shared out.
template <typename T>
class PackedMatrix {
 public:
  PackedMatrix(int64_t k, int64_t n, const T* b, int64_t b_row, int64_t b_col);
  // c = a b, plus add[i, j] if given, which may be c itself; add_row 0: the same for all rows.
  // a: [m, k], c: [m, n]; their columns are adjacent.
  void multiply(int64_t m, const T* a, int64_t a_row, T* c, int64_t c_row, const T* add = nullptr,
                int64_t add_row = 0) const {
    multiply(m, a, a_row, c, c_row, add, add_row, 0, n_);
  }
  // The same for the columns of b from `first` on, a multiple of 64, which c and add begin with.
  void multiply(int64_t m, const T* a, int64_t a_row, T* c, int64_t c_row, const T* add,
                int64_t add_row, int64_t first, int64_t count) const;

 private:
  int64_t k_, n_;
  Scratch<T> panels_;
};
extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace rush::kernels::cpu
