// Batches of matrices for LAPACK: each is copied to a dense column-major block and back.
#pragma once

#include <algorithm>
#include <climits>
#include <cmath>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::lapack {

// The last two axes of a view as matrices (of a vector batch: the last one, as columns).
struct Matrices {
  const View& view;
  int axes;  // of a matrix: 2, or 1
  int lead = view.shape.size() - axes;
  int64_t rows = view.shape[lead], columns = axes == 2 ? view.shape[lead + 1] : 1;

  explicit Matrices(const View& v, int matrix_axes = 2) : view(v), axes(matrix_axes) {
    if (rows > INT_MAX || columns > INT_MAX)
      fail<ShapeError>("linalg: matrices are too large for LAPACK: ", v.shape);
  }
  int64_t count() const {
    int64_t n = 1;
    for (int d = 0; d < lead; ++d) n *= view.shape[d];
    return n;
  }
  int64_t offset(int64_t batch) const {
    int64_t at = 0;
    for (int d = lead - 1; d >= 0; --d) {
      at += batch % view.shape[d] * view.strides[d];
      batch /= view.shape[d];
    }
    return at;
  }
  int64_t row_step() const { return view.strides[lead]; }
  int64_t column_step() const { return axes == 2 ? view.strides[lead + 1] : 0; }

  template <typename T>
  void read(int64_t batch, T* to) const {
    const T* from = view.as<const T>() + offset(batch);
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t i = 0; i < rows; ++i) *to++ = from[i * row_step() + j * column_step()];
  }
  // From a block whose columns lie `leading` elements apart.
  template <typename T, typename From>
  void write(int64_t batch, const From* from, int64_t leading) const {
    T* to = view.as<T>() + offset(batch);
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t i = 0; i < rows; ++i)
        to[i * row_step() + j * column_step()] = static_cast<T>(from[j * leading + i]);
  }
};

// "matrix 3 of the batch", or "the matrix" where there is one.
inline std::string name_of_matrix(int64_t batch, int64_t count) {
  return count == 1 ? "the matrix" : concat({"matrix ", batch, " of the batch"});
}

// Runs info = f(batch) for every matrix, of about `cost` multiplications each, over threads, and
// calls report(batch, info) for the first that is not 0.
template <typename F, typename Report>
void for_each_matrix(int64_t count, double cost, const F& f, const Report& report) {
  std::vector<int> infos(static_cast<size_t>(count));
  constexpr double kGrain = 1e5;  // multiplications that are worth a thread
  const auto grain = static_cast<int64_t>(std::max(1.0, kGrain / std::max(cost, 1.0)));
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) infos[static_cast<size_t>(b)] = f(b);
  });
  for (int64_t b = 0; b < count; ++b)
    if (infos[static_cast<size_t>(b)] != 0) report(b, infos[static_cast<size_t>(b)]);
}

template <typename T>
bool all_finite(const std::vector<T>& v) {
  return std::all_of(v.begin(), v.end(), [](T x) { return std::isfinite(x); });
}

// Calls f.template operator()<T>() for float32 and float64.
template <typename F>
void for_real(DType t, const F& f) {
  if (t == DType::kFloat32)
    f.template operator()<float>();
  else
    f.template operator()<double>();
}

void add_factors(Table&);  // lapack_factors.cc

}  // namespace rush::kernels::lapack
