// Linear systems by LAPACK: LU factors, and what follows from them.
#include "rush/kernels/attrs/linalg.h"
#include "rush/kernels/cpu/families.h"
#include "rush/kernels/cpu/lapack_batch.h"
#include "rush/kernels/lapack.h"
#if RUSH_WITH_LAPACK
#include "rush/kernels/cpu/lapack.h"
#endif

namespace rush::kernels {

#if RUSH_WITH_LAPACK
namespace lapack {
namespace {

double cubed(int64_t n) { return double(n) * double(n) * double(n); }

[[noreturn]] void singular(const char* op, int64_t batch, int64_t count, int pivot) {
  fail(op, ": ", name_of_matrix(batch, count), " is singular: pivot ", pivot - 1,
       " (counted from 0) is zero");
}

// The LU factors of one square matrix.
template <typename T>
struct Lu {
  std::vector<T> a;
  std::vector<int> pivots;
  int n, info = 0;

  Lu(const Matrices& m, int64_t batch)
      : a(static_cast<size_t>(m.rows * m.columns)),
        pivots(static_cast<size_t>(m.rows)),
        n(static_cast<int>(m.rows)) {
    m.read(batch, a.data());
    const int lead = at_least_one(n);
    Routines<T>::getrf(&n, &n, a.data(), &lead, pivots.data(), &info);
  }
  T diagonal(int i) const { return a[static_cast<size_t>(i) * static_cast<size_t>(n) + size_t(i)]; }
  // The sign of the exchanges of rows.
  int sign() const {
    int s = 1;
    for (int i = 0; i < n; ++i) s = pivots[static_cast<size_t>(i)] == i + 1 ? s : -s;
    return s;
  }
};

void det(const Call& c) {
  const Matrices m(c.in[0]);
  const int64_t count = m.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, cubed(m.rows),
        [&](int64_t b) {
          const Lu<T> lu(m, b);
          T product = static_cast<T>(lu.sign());
          for (int i = 0; i < lu.n; ++i) product *= lu.diagonal(i);
          c.out[0].as<T>()[b] = product;
          return 0;
        },
        [](int64_t, int) {});
  });
}

void slogdet(const Call& c) {
  const Matrices m(c.in[0]);
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        m.count(), cubed(m.rows),
        [&](int64_t b) {
          const Lu<T> lu(m, b);
          T sign = static_cast<T>(lu.sign()), sum = 0;
          for (int i = 0; i < lu.n; ++i) {
            const T d = lu.diagonal(i);
            sign *= d > 0 ? T(1) : d < 0 ? T(-1) : d;  // 0 and NaN stay
            sum += std::log(std::abs(d));
          }
          c.out[0].as<T>()[b] = sign;
          c.out[1].as<T>()[b] = sum;
          return 0;
        },
        [](int64_t, int) {});
  });
}

void inv(const Call& c) {
  const Matrices m(c.in[0]), out(c.out[0]);
  const int64_t count = m.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, 2 * cubed(m.rows),
        [&](int64_t b) {
          Lu<T> lu(m, b);
          if (lu.info != 0) return lu.info;
          const int lead = at_least_one(lu.n), size = 64 * lead;
          std::vector<T> work(static_cast<size_t>(size));
          int info = 0;
          Routines<T>::getri(&lu.n, lu.a.data(), &lead, lu.pivots.data(), work.data(), &size,
                             &info);
          out.write<T>(b, lu.a.data(), lu.n);
          return info;
        },
        [&](int64_t b, int info) { singular("inv", b, count, info); });
  });
}

// a: [..., N, N], b: [..., N, K] with the same batch.
void solve(const Call& c) {
  const Matrices a(c.in[0]), right(c.in[1]), out(c.out[0]);
  const int64_t count = a.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, cubed(a.rows),
        [&](int64_t b) {
          const Lu<T> lu(a, b);
          if (lu.info != 0) return lu.info;
          std::vector<T> x(static_cast<size_t>(right.rows * right.columns));
          right.read(b, x.data());
          const int lead = at_least_one(lu.n), columns = static_cast<int>(right.columns);
          int info = 0;
          Routines<T>::getrs("N", &lu.n, &columns, lu.a.data(), &lead, lu.pivots.data(), x.data(),
                             &lead, &info, 1);
          out.write<T>(b, x.data(), lu.n);
          return info;
        },
        [&](int64_t b, int info) { singular("solve", b, count, info); });
  });
}

void solve_triangular(const Call& c) {
  const auto& attrs = c.attributes<SolveTriangularAttrs>();
  const Matrices a(c.in[0]), right(c.in[1]), out(c.out[0]);
  const int64_t count = a.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, double(a.rows) * double(a.rows) * double(right.columns),
        [&](int64_t b) {
          std::vector<T> factor(static_cast<size_t>(a.rows * a.rows));
          std::vector<T> x(static_cast<size_t>(right.rows * right.columns));
          a.read(b, factor.data());
          right.read(b, x.data());
          const int n = static_cast<int>(a.rows), columns = static_cast<int>(right.columns);
          const int lead = at_least_one(n);
          int info = 0;
          Routines<T>::trtrs(attrs.upper ? "U" : "L", "N", attrs.unitriangular ? "U" : "N", &n,
                             &columns, factor.data(), &lead, x.data(), &lead, &info, 1, 1, 1);
          out.write<T>(b, x.data(), n);
          return info;
        },
        [&](int64_t b, int info) { singular("solve_triangular", b, count, info); });
  });
}

// The packed factors, the exchanges as LAPACK counts them, and the order of the rows they make.
void lu_factor(const Call& c) {
  const Matrices in(c.in[0]), out(c.out[0]);
  const int m = static_cast<int>(in.rows), n = static_cast<int>(in.columns), k = std::min(m, n);
  const int lead = at_least_one(m);
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        in.count(), double(m) * n * k,
        [&](int64_t b) {
          std::vector<T> a(static_cast<size_t>(in.rows * in.columns));
          in.read(b, a.data());
          int info = 0;
          int32_t* pivots = c.out[1].as<int32_t>() + b * k;
          Routines<T>::getrf(&m, &n, a.data(), &lead, pivots, &info);
          out.write<T>(b, a.data(), m);
          int64_t* order = c.out[2].as<int64_t>() + b * m;
          for (int i = 0; i < m; ++i) order[i] = i;
          for (int i = 0; i < k; ++i) std::swap(order[i], order[pivots[i] - 1]);
          return 0;
        },
        [](int64_t, int) {});
  });
}

// c = a b for square column-major matrices.
template <typename T>
void multiply(int n, const std::vector<T>& a, const std::vector<T>& b, std::vector<T>& c) {
  const T one = 1, zero = 0;
  const int lead = at_least_one(n);
  Routines<T>::gemm("N", "N", &n, &n, &n, &one, a.data(), &lead, b.data(), &lead, &zero, c.data(),
                    &lead, 1, 1);
}

// e^a: halved until its norm is below 1, Taylor's polynomial, squared back.
void matrix_exp(const Call& c) {
  const Matrices m(c.in[0]), out(c.out[0]);
  const int n = static_cast<int>(m.rows);
  for_real(c.in[0].dtype, [&]<typename T>() {
    constexpr int kDegree = sizeof(T) == 8 ? 18 : 11;  // 1 / (degree + 1)! is below rounding
    for_each_matrix(
        m.count(), 30 * cubed(n),
        [&](int64_t b) {
          const auto size = static_cast<size_t>(n) * static_cast<size_t>(n);
          std::vector<T> a(size), y(size), next(size);
          m.read(b, a.data());
          double norm = 0;
          for (int j = 0; j < n; ++j) {
            double sum = 0;
            for (int i = 0; i < n; ++i) sum += std::abs(a[size_t(j) * size_t(n) + size_t(i)]);
            norm = std::max(norm, sum);
          }
          const bool is_finite = std::isfinite(norm) && all_finite(a);
          const int halvings =
              is_finite && norm > 1 ? static_cast<int>(std::ceil(std::log2(norm))) : 0;
          for (T& v : a)
            v = is_finite ? std::ldexp(v, -halvings) : std::numeric_limits<T>::quiet_NaN();
          const auto add_one = [&](std::vector<T>& v) {
            for (int i = 0; i < n; ++i) v[size_t(i) * size_t(n) + size_t(i)] += T(1);
          };
          add_one(y);
          for (int k = kDegree; k >= 1; --k) {  // y = 1 + a y / k
            multiply(n, a, y, next);
            for (T& v : next) v /= static_cast<T>(k);
            add_one(next);
            y.swap(next);
          }
          for (int i = 0; i < halvings; ++i) {
            multiply(n, y, y, next);
            y.swap(next);
          }
          out.write<T>(b, y.data(), n);
          return 0;
        },
        [](int64_t, int) {});
  });
}

}  // namespace
}  // namespace lapack

void cpu::register_linalg(Table& t) {
  t.add("det").kernel = lapack::det;
  t.add("slogdet").kernel = lapack::slogdet;
  t.add("inv").kernel = lapack::inv;
  t.add("solve").kernel = lapack::solve;
  t.add("solve_triangular").kernel = lapack::solve_triangular;
  t.add("lu_factor").kernel = lapack::lu_factor;
  t.add("matrix_exp").kernel = lapack::matrix_exp;
  lapack::add_factors(t);
}
bool has_lapack() { return true; }
#else
namespace {
[[noreturn]] void refuse(const char* op) {
  fail(op,
       ": this build has no LAPACK; install it (liblapack-dev) and configure with "
       "-DRUSH_LAPACK=ON");
}
}  // namespace

void cpu::register_linalg(Table& t) {
  t.add("det").kernel = [](const Call&) { refuse("det"); };
  t.add("slogdet").kernel = [](const Call&) { refuse("slogdet"); };
  t.add("inv").kernel = [](const Call&) { refuse("inv"); };
  t.add("solve").kernel = [](const Call&) { refuse("solve"); };
  t.add("solve_triangular").kernel = [](const Call&) { refuse("solve_triangular"); };
  t.add("lu_factor").kernel = [](const Call&) { refuse("lu_factor"); };
  t.add("matrix_exp").kernel = [](const Call&) { refuse("matrix_exp"); };
  t.add("cholesky").kernel = [](const Call&) { refuse("cholesky"); };
  t.add("qr").kernel = [](const Call&) { refuse("qr"); };
  t.add("svd").kernel = [](const Call&) { refuse("svd"); };
  t.add("pinv").kernel = [](const Call&) { refuse("pinv"); };
  t.add("eigh").kernel = [](const Call&) { refuse("eigh"); };
}
bool has_lapack() { return false; }
#endif

}  // namespace rush::kernels
