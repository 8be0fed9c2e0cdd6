#include "linalg_parts.h"

#include <limits>
#include <numeric>

#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

Tensor turned(const Tensor& a) { return transpose(a, -2, -1); }

Shape leading(const Shape& s, int rest) {
  return Shape(s.data(), static_cast<size_t>(s.size() - rest));
}

double number_of(const NormOrder& order) {
  if (!order.number) fail("norm: a vector's order is a number; got '", order.name, "'");
  return *order.number;
}

Tensor norm_of_matrices(const Tensor& x, const NormOrder& order, const Dims& axes, bool keepdim) {
  return order.number ? linalg::matrix_norm(x, *order.number, axes, keepdim)
                      : linalg::matrix_norm(x, order.name, axes, keepdim);
}

}  // namespace

bool From<NormOrder>::load(PyObject* o, NormOrder& place) {
  if (o == Py_None) return true;
  if (PyUnicode_Check(o)) return From<std::string>::load(o, place.name);
  double number = 0;
  if (!From<double>::load(o, number)) return false;
  place.number = number;
  return true;
}

Tensor norm_of(const Tensor& x, const NormOrder& order, const Dims& axes, bool keepdim) {
  if (!order.is_given()) return linalg::vector_norm(x, 2, axes, keepdim);
  if (axes.size() == 2) return norm_of_matrices(x, order, axes, keepdim);
  if (axes.size() == 1) return linalg::vector_norm(x, number_of(order), axes, keepdim);
  if (!axes.empty() || x.rank() == 0 || x.rank() > 2)
    fail<ShapeError>("linalg.norm: with an order, one or two axes are needed, or a vector or a ",
                     "matrix; got ", x.shape(), " and axes ", axes);
  if (x.rank() == 2) return norm_of_matrices(x, order, {-2, -1}, keepdim);
  return linalg::vector_norm(x, number_of(order), {}, keepdim);
}

Tensor permutation_of(const Tensor& pivots, int64_t n, DType dtype) {
  if (pivots.rank() == 0) fail<ShapeError>("lu: pivots are vectors [.., K]; got a 0-d tensor");
  const int64_t swaps = pivots.size(-1), count = swaps ? pivots.numel() / swaps : 0;
  const std::vector<int64_t> rows = pivots.to(DType::kInt64).to_vector<int64_t>();
  std::vector<int64_t> places(static_cast<size_t>(count * n));
  for (int64_t matrix = 0; matrix < count; ++matrix) {
    int64_t* order = places.data() + matrix * n;
    std::iota(order, order + n, int64_t{0});
    for (int64_t i = 0; i < swaps; ++i) {
      const int64_t with = rows[static_cast<size_t>(matrix * swaps + i)] - 1;
      if (i >= n || with < 0 || with >= n)
        fail<IndexError>("lu: pivots count rows from 1 to ", n, "; got ", with + 1);
      std::swap(order[i], order[with]);
    }
  }
  Shape shape = leading(pivots.shape(), 1);
  shape.push_back(1);
  shape.push_back(n);
  const Tensor from = reshape(Tensor::from(places), shape);  // row order[j] went to place j
  return eq(unsqueeze(arange(Tensor(n), DType::kInt64), 1), from).to(dtype);
}

std::pair<Tensor, Tensor> unpacked_factors(const Tensor& lu) {
  const int64_t m = lu.size(-2), n = lu.size(-1), k = std::min(m, n);
  return {tril(narrow(lu, -1, 0, k), -1) + eye(m, k, lu.dtype()), triu(narrow(lu, -2, 0, k))};
}

Tensor solved_by_factors(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left,
                         bool adjoint) {
  if (!left) return turned(solved_by_factors(lu, pivots, turned(b), true, !adjoint));
  const Tensor p = permutation_of(pivots, lu.size(-1), lu.dtype());
  if (!adjoint) {
    const Tensor y = linalg::solve_triangular(lu, matmul(turned(p), b), false, true, true);
    return linalg::solve_triangular(lu, y, true);
  }
  const Tensor y = linalg::solve_triangular(turned(lu), b, false);
  return matmul(p, linalg::solve_triangular(turned(lu), y, true, true, true));
}

Tensor householder_product(const Tensor& a, const Tensor& tau) {
  if (a.rank() < 2 || tau.rank() != a.rank() - 1 || a.size(-2) < a.size(-1) ||
      tau.size(-1) > a.size(-1))
    fail<ShapeError>("householder_product: A [.., M, N] with M >= N and tau [.., K] with K <= N ",
                     "are needed; got ", a.shape(), " and ", tau.shape());
  const int64_t m = a.size(-2), n = a.size(-1);
  Shape shape = leading(a.shape(), 2);
  shape.push_back(m);
  shape.push_back(n);
  Tensor q = expand(eye(m, n, a.dtype()), shape);
  const Tensor vectors = tril(a, -1) + eye(m, n, a.dtype());
  for (int64_t i = tau.size(-1) - 1; i >= 0; --i) {
    const Tensor v = narrow(vectors, -1, i, 1);
    const Tensor factor = unsqueeze(narrow(tau, -1, i, 1), -1);
    q = q - factor * matmul(v, matmul(turned(v), q));
  }
  return q;
}

std::pair<Tensor, Tensor> with_info(MatrixFunction f, const Tensor& a, const Tensor& b,
                                    bool check_errors) {
  const Shape batch = leading(a.shape(), std::min(2, a.rank()));
  try {
    return {f(a, b), zeros(batch, DType::kInt32)};
  } catch (const ShapeError&) {
    throw;
  } catch (const TypeError&) {
    throw;
  } catch (const Error&) {
    if (check_errors) throw;
  }
  if (a.rank() == 2) {
    const Tensor like = b.defined() ? b : a;
    return {full_like(like, std::numeric_limits<double>::quiet_NaN()), ones({}, DType::kInt32)};
  }
  std::vector<Tensor> results, infos;
  for (int64_t i = 0; i < a.size(0); ++i) {
    auto [result, info] =
        with_info(f, select(a, 0, i), b.defined() ? select(b, 0, i) : Tensor(), false);
    results.push_back(result);
    infos.push_back(info);
  }
  return {stack(results), stack(infos)};
}

}  // namespace rush::python
