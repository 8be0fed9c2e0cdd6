// Factorisations by LAPACK: Cholesky, QR, singular values, eigenvalues of symmetric matrices.
#if RUSH_WITH_LAPACK
#include "rush/kernels/attrs/linalg.h"
#include "rush/kernels/cpu/lapack.h"
#include "rush/kernels/cpu/lapack_batch.h"

namespace rush::kernels::lapack {
namespace {

double work_of(const Matrices& m) {
  return double(m.rows) * double(m.columns) * double(std::min(m.rows, m.columns));
}

template <typename T>
void clear_other_triangle(std::vector<T>& a, int n, bool upper) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i)
      if (upper ? i > j : i < j) a[size_t(j) * size_t(n) + size_t(i)] = 0;
}

void cholesky(const Call& c) {
  const bool upper = c.attributes<TriangleSideAttrs>().upper;
  const Matrices in(c.in[0]), out(c.out[0]);
  const int n = static_cast<int>(in.rows), lead = at_least_one(n);
  const int64_t count = in.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, work_of(in),
        [&](int64_t b) {
          std::vector<T> a(static_cast<size_t>(in.rows * in.columns));
          in.read(b, a.data());
          int info = 0;
          Routines<T>::potrf(upper ? "U" : "L", &n, a.data(), &lead, &info, 1);
          clear_other_triangle(a, n, upper);
          out.write<T>(b, a.data(), n);
          return info;
        },
        [&](int64_t b, int info) {
          fail("cholesky: ", name_of_matrix(b, count), " is not positive definite: pivot ",
               info - 1, " (counted from 0) is not positive");
        });
  });
}

// Q: [m, q] and R: [q, n], where q is min(m, n), or m for full factors.
void qr(const Call& c) {
  const Matrices in(c.in[0]), q_out(c.out[0]), r_out(c.out[1]);
  const int m = static_cast<int>(in.rows), n = static_cast<int>(in.columns), k = std::min(m, n);
  const int q = static_cast<int>(q_out.columns), lead = at_least_one(m);
  const int size = 64 * at_least_one(std::max(m, n));
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        in.count(), 2 * work_of(in),
        [&](int64_t b) {
          const auto height = static_cast<size_t>(m);
          std::vector<T> a(height * static_cast<size_t>(std::max(n, q))),
              tau(static_cast<size_t>(k)), work(static_cast<size_t>(size)),
              r(static_cast<size_t>(q) * static_cast<size_t>(n));
          in.read(b, a.data());
          int info = 0;
          Routines<T>::geqrf(&m, &n, a.data(), &lead, tau.data(), work.data(), &size, &info);
          for (int j = 0; j < n; ++j)
            for (int i = 0; i < q && i <= j; ++i)
              r[size_t(j) * size_t(q) + size_t(i)] = a[size_t(j) * height + size_t(i)];
          r_out.write<T>(b, r.data(), q);
          Routines<T>::orgqr(&m, &q, &k, a.data(), &lead, tau.data(), work.data(), &size, &info);
          q_out.write<T>(b, a.data(), m);
          return info;
        },
        [](int64_t, int info) { fail("qr: LAPACK refused argument ", -info); });
  });
}

constexpr int kNotFinite = -1000;

[[noreturn]] void no_convergence(const char* op, int64_t batch, int64_t count, int info) {
  if (info == kNotFinite) fail(op, ": ", name_of_matrix(batch, count), " holds NaN or infinity");
  fail(op, ": no convergence for ", name_of_matrix(batch, count), " (LAPACK says ", info, ")");
}

// a = U diag(S) Vh of one matrix; `full`: square U and Vh.
template <typename T>
struct Svd {
  int m, n, k, u_columns, v_rows, info = 0;
  std::vector<T> u, s, v;

  Svd(const Matrices& in, int64_t batch, bool full)
      : m(static_cast<int>(in.rows)),
        n(static_cast<int>(in.columns)),
        k(std::min(m, n)),
        u_columns(full ? m : k),
        v_rows(full ? n : k),
        u(size_t(m) * size_t(u_columns) + 1),
        s(static_cast<size_t>(k)),
        v(size_t(v_rows) * size_t(n) + 1) {
    std::vector<T> a(size_t(m) * size_t(n));
    in.read(batch, a.data());
    if (!all_finite(a))
      info = kNotFinite;
    else
      factor(a, full ? "A" : "S");
  }
  // Asks for the size of the work space first.
  void factor(std::vector<T>& a, const char* job) {
    const int lead = at_least_one(m), v_lead = at_least_one(v_rows);
    std::vector<int> whole(static_cast<size_t>(8 * at_least_one(k)));
    std::vector<T> work(1);
    for (int size = -1, pass = 0; pass < 2 && info == 0; ++pass) {
      Routines<T>::gesdd(job, &m, &n, a.data(), &lead, s.data(), u.data(), &lead, v.data(), &v_lead,
                         work.data(), &size, whole.data(), &info, 1);
      size = at_least_one(static_cast<int>(work[0]));
      if (pass == 0) work.resize(static_cast<size_t>(size));
    }
  }
};

void svd(const Call& c) {
  const bool full = c.attributes<FullMatricesAttrs>().full;
  const Matrices in(c.in[0]), u_out(c.out[0]), s_out(c.out[1], 1), v_out(c.out[2]);
  const int64_t count = in.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, 10 * work_of(in),
        [&](int64_t b) {
          const Svd<T> f(in, b, full);
          if (f.info != 0) return f.info;
          u_out.write<T>(b, f.u.data(), f.m);
          s_out.write<T>(b, f.s.data(), f.k);
          v_out.write<T>(b, f.v.data(), f.v_rows);
          return 0;
        },
        [&](int64_t b, int info) { no_convergence("svd", b, count, info); });
  });
}

// V diag(1 / S) U^T over the singular values that count.
void pinv(const Call& c) {
  const auto& attrs = c.attributes<PinvAttrs>();
  const Matrices in(c.in[0]), out(c.out[0]);
  const int64_t count = in.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, 12 * work_of(in),
        [&](int64_t b) {
          Svd<T> f(in, b, false);
          if (f.info != 0) return f.info;
          const double most = f.k > 0 ? double(f.s[0]) : 0;
          const double least = std::max(attrs.atol, attrs.rtol * most);
          for (int i = 0; i < f.k; ++i) {
            const T over = double(f.s[size_t(i)]) > least ? T(1) / f.s[size_t(i)] : T(0);
            for (int j = 0; j < f.m; ++j) f.u[size_t(i) * size_t(f.m) + size_t(j)] *= over;
          }
          const T one = 1, zero = 0;
          const int m_lead = at_least_one(f.m), n_lead = at_least_one(f.n);
          const int k_lead = at_least_one(f.k);
          std::vector<T> y(size_t(f.m) * size_t(f.n));
          if (f.k > 0)
            Routines<T>::gemm("T", "T", &f.n, &f.m, &f.k, &one, f.v.data(), &k_lead, f.u.data(),
                              &m_lead, &zero, y.data(), &n_lead, 1, 1);
          out.write<T>(b, y.data(), f.n);
          return 0;
        },
        [&](int64_t b, int info) { no_convergence("pinv", b, count, info); });
  });
}

void eigh(const Call& c) {
  const bool upper = c.attributes<TriangleSideAttrs>().upper;
  const Matrices in(c.in[0]), w_out(c.out[0], 1), v_out(c.out[1]);
  const int n = static_cast<int>(in.rows), lead = at_least_one(n);
  const int64_t count = in.count();
  for_real(c.in[0].dtype, [&]<typename T>() {
    for_each_matrix(
        count, 10 * work_of(in),
        [&](int64_t b) {
          std::vector<T> a(size_t(n) * size_t(n)), w(static_cast<size_t>(n));
          in.read(b, a.data());
          clear_other_triangle(a, n, upper);
          if (!all_finite(a)) return kNotFinite;
          const char* side = upper ? "U" : "L";
          int info = 0, size = -1, whole_size = -1, best_whole = 0;
          T best = 0;
          Routines<T>::syevd("V", side, &n, a.data(), &lead, w.data(), &best, &size, &best_whole,
                             &whole_size, &info, 1, 1);
          size = static_cast<int>(best);
          whole_size = best_whole;
          std::vector<T> work(static_cast<size_t>(std::max(size, 1)));
          std::vector<int> whole(static_cast<size_t>(std::max(whole_size, 1)));
          Routines<T>::syevd("V", side, &n, a.data(), &lead, w.data(), work.data(), &size,
                             whole.data(), &whole_size, &info, 1, 1);
          w_out.write<T>(b, w.data(), n);
          v_out.write<T>(b, a.data(), n);
          return info;
        },
        [&](int64_t b, int info) { no_convergence("eigh", b, count, info); });
  });
}

}  // namespace

void add_factors(Table& t) {
  t.add("cholesky").kernel = cholesky;
  t.add("qr").kernel = qr;
  t.add("svd").kernel = svd;
  t.add("pinv").kernel = pinv;
  t.add("eigh").kernel = eigh;
}

}  // namespace rush::kernels::lapack
#endif
