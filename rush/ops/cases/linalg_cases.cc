// Linear algebra. Signs of singular and eigenvectors are free, so rows look at their squares.
// Symmetric matrices are made of the inputs, so that differences of one element make sense.
#include <cmath>

#include "rush/ops/binary.h"
#include "rush/ops/cases/formula.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

Tensor turned(const Tensor& a) { return transpose(a, -2, -1); }
Tensor positive(const Tensor& a) { return matmul(a, turned(a)) + eye(a.size(-2), {}, a.dtype()); }
Tensor symmetric(const Tensor& a) { return a + turned(a); }
Tensor regular(const Tensor& a) { return a + eye(a.size(-1), {}, a.dtype()) * 5; }

const std::string kPositive = "(x0 @ x0.mT + torch.eye(x0.shape[-2]).to(x0.dtype))";
const std::string kRegular = "(x0 + 5 * torch.eye(x0.shape[-1]).to(x0.dtype))";

void add_row(CaseList& list, const char* op, const char* label, std::vector<In> in,
             std::function<Tensors(const Tensors&)> run, const std::string& torch,
             bool gradient = true) {
  OpCase row;
  row.op = op;
  row.label = label;
  row.in = std::move(in);
  row.run = std::move(run);
  row.torch = torch;
  row.recorded = true;
  row.gradient = gradient;
  row.tolerance = 100;
  list.add(row);
}

const In kSquare = {{2, 3, 3}}, kMatrix = {{3, 3}};

void add_factors(CaseList& list) {
  add_row(list, "cholesky", "lower, batch", {kSquare},
          one([](const Tensors& x) { return linalg::cholesky(positive(x[0])); }),
          "torch.linalg.cholesky(" + kPositive + ")");
  add_row(list, "cholesky", "upper", {kMatrix},
          one([](const Tensors& x) { return linalg::cholesky(positive(x[0]), true); }),
          "torch.linalg.cholesky(" + kPositive + ", upper=True)");
  for (const char* mode : {"reduced", "complete"}) {
    for (const Shape& shape : {Shape{2, 4, 3}, Shape{2, 3, 5}, Shape{3, 3}}) {
      const bool is_tall = shape.size() == 3 && shape[1] > shape[2];
      add_row(
          list, "qr", concat({mode, " ", shape}).c_str(), {{shape}},
          [mode](const Tensors& x) {
            const linalg::QR f = linalg::qr(x[0], mode);
            return Tensors{f.q, f.r};
          },
          std::string("tuple(torch.linalg.qr(x0, '") + mode + "'))",
          !is_tall || std::string(mode) == "reduced");
    }
  }
  for (const Shape& shape : {Shape{2, 4, 3}, Shape{2, 3}, Shape{3, 3}})
    add_row(
        list, "svd", concat({shape}).c_str(), {{shape}},
        [](const Tensors& x) {
          const linalg::SVD f = linalg::svd(x[0], false);
          return Tensors{square(f.u), f.s, square(f.vh)};
        },
        "(lambda f: (f[0]**2, f[1], f[2]**2))(torch.linalg.svd(x0, full_matrices=False))");
  add_row(
      list, "svd", "full", {{{3, 2}}},
      [](const Tensors& x) {
        const linalg::SVD f = linalg::svd(x[0]);
        return Tensors{square(f.u), f.s, square(f.vh)};
      },
      "(lambda f: (f[0]**2, f[1], f[2]**2))(torch.linalg.svd(x0))", false);
  for (const bool upper : {false, true})
    add_row(
        list, "eigh", upper ? "upper" : "lower", {kSquare},
        [upper](const Tensors& x) {
          const linalg::Eigh f = linalg::eigh(symmetric(x[0]), upper);
          return Tensors{f.eigenvalues, square(f.eigenvectors)};
        },
        std::string("(lambda f: (f[0], f[1]**2))(torch.linalg.eigh(x0 + x0.mT, UPLO='") +
            (upper ? "U" : "L") + "'))");
  add_row(
      list, "lu_factor", "", {kSquare},
      [](const Tensors& x) {
        const linalg::LUFactors f = linalg::lu_factor(x[0]);
        return Tensors{f.lu, f.pivots};
      },
      "tuple(torch.linalg.lu_factor(x0))");
}

void add_systems(CaseList& list) {
  add_row(list, "solve", "batch", {kSquare, {{2, 3, 2}}},
          one([](const Tensors& x) { return linalg::solve(regular(x[0]), x[1]); }),
          "torch.linalg.solve(" + kRegular + ", x1)");
  add_row(list, "solve", "vector", {kMatrix, {{3}}},
          one([](const Tensors& x) { return linalg::solve(regular(x[0]), x[1]); }),
          "torch.linalg.solve(" + kRegular + ", x1)");
  add_row(list, "solve", "right, broadcast", {kMatrix, {{2, 2, 3}}},
          one([](const Tensors& x) { return linalg::solve(regular(x[0]), x[1], false); }),
          "torch.linalg.solve(" + kRegular + ", x1, left=False)");
  add_row(list, "solve_triangular", "lower", {kSquare, {{2, 3, 2}}}, one([](const Tensors& x) {
            return linalg::solve_triangular(regular(x[0]), x[1], false);
          }),
          "torch.linalg.solve_triangular(" + kRegular + ", x1, upper=False)");
  add_row(
      list, "solve_triangular", "upper, right, ones", {kMatrix, {{2, 3}}},
      one([](const Tensors& x) { return linalg::solve_triangular(x[0], x[1], true, false, true); }),
      "torch.linalg.solve_triangular(x0, x1, upper=True, left=False, unitriangular=True)");
  add_row(list, "inv", "", {kSquare},
          one([](const Tensors& x) { return linalg::inv(regular(x[0])); }),
          "torch.linalg.inv(" + kRegular + ")");
  for (const Shape& shape : {Shape{2, 4, 3}, Shape{2, 3}})
    add_row(list, "pinv", concat({shape}).c_str(), {{shape}},
            one([](const Tensors& x) { return linalg::pinv(x[0]); }), "torch.linalg.pinv(x0)");
  add_row(list, "det", "", {kSquare}, one([](const Tensors& x) { return linalg::det(x[0]); }),
          "torch.linalg.det(x0)");
  add_row(
      list, "slogdet", "", {kSquare},
      [](const Tensors& x) {
        const linalg::SignedLogarithm s = linalg::slogdet(x[0]);
        return Tensors{s.sign, s.logabsdet};
      },
      "tuple(torch.linalg.slogdet(x0))");
  add_row(list, "matrix_exp", "", {kSquare},
          one([](const Tensors& x) { return linalg::matrix_exp(x[0]); }),
          "torch.linalg.matrix_exp(x0)");
}

const char kNorm[] = "linalg::matrix_norm(a, ord, axes, keepdim)";
const char kNormDoc[] = "A norm of matrices: fro, nuc, 1, -1, 2, -2 or an infinity.";
const char kCond[] = "linalg::cond(a, p)";
const char kCondDoc[] = "The norm of a times that of its inverse.";

void add_norms(CaseList& list) {
  struct Norm {
    const char* label;
    double ord;
  };
  for (const Norm& n : {Norm{"1", 1}, Norm{"-1", -1}, Norm{"2", 2}, Norm{"-2", -2},
                        Norm{"inf", INFINITY}, Norm{"-inf", -INFINITY}})
    add_formulas(list,
                 {{kNorm,
                   kNormDoc,
                   n.label,
                   {{{2, 3, 4}, -3, 3, In::kDistinct}},
                   one([ord = n.ord](const Tensors& x) { return linalg::matrix_norm(x[0], ord); }),
                   (std::string("torch.linalg.matrix_norm(x0, float('") + n.label + "'))").c_str(),
                   true,
                   true,
                   100}});
  for (const std::string ord : {"fro", "nuc"})
    add_formulas(
        list, {{kNorm,
                kNormDoc,
                ord.c_str(),
                {{{3, 2, 3}}},
                one([ord](const Tensors& x) {
                  return linalg::matrix_norm(x[0], ord, {0, 2}, true);
                }),
                ("torch.linalg.matrix_norm(x0, '" + ord + "', dim=(0, 2), keepdim=True)").c_str(),
                true,
                true,
                100}});
  add_formulas(
      list,
      {{kCond,
        kCondDoc,
        "",
        {{{2, 3, 3}}},
        one([](const Tensors& x) { return linalg::cond(regular(x[0])); }),
        ("torch.linalg.cond(" + kRegular + ")").c_str(),
        true,
        true,
        100},
       {kCond,
        kCondDoc,
        "1",
        {{{2, 3, 3}, -2, 2, In::kDistinct}},
        one([](const Tensors& x) { return linalg::cond(regular(x[0]), 1); }),
        ("(lambda a: torch.linalg.matrix_norm(a, 1) * torch.linalg.matrix_norm(a.inverse(), 1))(" +
         kRegular + ")")
            .c_str(),
        true,
        true,
        100},
       {"linalg::vector_norm(x, ord, axes, keepdim)",
        "norm.",
        "",
        {{{2, 3}}},
        one([](const Tensors& x) { return linalg::vector_norm(x[0], 3, {1}); }),
        "torch.linalg.vector_norm(x0, 3, dim=1)",
        true,
        true,
        10},
       {"linalg::vecdot(x, y, axis=-1)",
        "Products summed along an axis.",
        "",
        {{{2, 3}}, {{3}}},
        one([](const Tensors& x) { return linalg::vecdot(x[0], x[1]); }),
        "torch.linalg.vecdot(x0, x1)"}});
}

void add_products(CaseList& list) {
  add_formulas(list,
               {{"linalg::lu(a)",
                 "a = P L U.",
                 "",
                 {{{2, 3, 3}}},
                 [](const Tensors& x) {
                   const linalg::LU f = linalg::lu(x[0]);
                   return Tensors{f.p, f.l, f.u};
                 },
                 "tuple(torch.linalg.lu(x0))",
                 true,
                 true,
                 100},
                {"linalg::lu(a)",
                 "a = P L U.",
                 "wide",
                 {{{2, 3}}},
                 [](const Tensors& x) {
                   const linalg::LU f = linalg::lu(x[0]);
                   return Tensors{f.p, f.l, f.u};
                 },
                 "tuple(torch.linalg.lu(x0))",
                 false,
                 false,
                 100},
                {"linalg::svdvals(a)",
                 "Singular values, falling.",
                 "",
                 {{{2, 3, 2}}},
                 one([](const Tensors& x) { return linalg::svdvals(x[0]); }),
                 "torch.linalg.svdvals(x0)",
                 true,
                 true,
                 100},
                {"linalg::eigvalsh(a, upper)",
                 "Eigenvalues of symmetric matrices, rising.",
                 "",
                 {{{3, 3}}},
                 one([](const Tensors& x) { return linalg::eigvalsh(symmetric(x[0])); }),
                 "torch.linalg.eigvalsh(x0 + x0.mT)",
                 true,
                 true,
                 100},
                {"linalg::cholesky_solve(b, factor, upper)",
                 "X with a X = b from a's triangle.",
                 "",
                 {{{3, 3}}, {{3, 2}}},
                 one([](const Tensors& x) { return cholesky_solve(x[1], regular(x[0])); }),
                 ("torch.cholesky_solve(x1, " + kRegular + ".tril())").c_str(),
                 true,
                 true,
                 100},
                {"linalg::cholesky_inverse(factor, upper)",
                 "The inverse of a from its triangle.",
                 "upper",
                 {{{3, 3}}},
                 one([](const Tensors& x) { return cholesky_inverse(regular(x[0]), true); }),
                 ("torch.cholesky_inverse(" + kRegular + ".triu(), upper=True)").c_str(),
                 true,
                 true,
                 100},
                {"linalg::logdet(a)",
                 "The logarithm of the determinant.",
                 "",
                 {{{2, 3, 3}}},
                 one([](const Tensors& x) { return logdet(positive(x[0])); }),
                 ("torch.logdet(" + kPositive + ")").c_str(),
                 true,
                 true,
                 100},
                {"linalg::matrix_power(a, n)",
                 "a times itself n times; n < 0: of the inverse.",
                 "5",
                 {{{2, 3, 3}, -1, 1}},
                 one([](const Tensors& x) { return matrix_power(x[0], 5); }),
                 "torch.linalg.matrix_power(x0, 5)",
                 true,
                 true,
                 100},
                {"linalg::matrix_power(a, n)",
                 "a times itself n times; n < 0: of the inverse.",
                 "-2",
                 {{{3, 3}}},
                 one([](const Tensors& x) { return matrix_power(regular(x[0]), -2); }),
                 ("torch.linalg.matrix_power(" + kRegular + ", -2)").c_str(),
                 true,
                 true,
                 100},
                {"linalg::matrix_rank(a; atol, rtol)",
                 "How many singular values count.",
                 "",
                 {{{2, 3, 3}}},
                 one([](const Tensors& x) {
                   return linalg::matrix_rank(matmul(slice(x[0], -1, 0, 2), slice(x[0], -2, 0, 2)));
                 }),
                 "torch.linalg.matrix_rank(x0[..., :2] @ x0[..., :2, :])",
                 false},
                {"linalg::lstsq(a, b; atol, rtol)",
                 "The least X with |a X - b| least.",
                 "tall",
                 {{{2, 4, 2}}, {{2, 4, 3}}},
                 one([](const Tensors& x) { return linalg::lstsq(x[0], x[1]).solution; }),
                 "torch.linalg.lstsq(x0, x1).solution",
                 true,
                 true,
                 100},
                {"linalg::lstsq(a, b; atol, rtol)",
                 "The least X with |a X - b| least.",
                 "wide",
                 {{{2, 4}}, {{2, 1}}},
                 one([](const Tensors& x) { return linalg::lstsq(x[0], x[1]).solution; }),
                 "torch.linalg.lstsq(x0, x1).solution",
                 true,
                 true,
                 100}});
}

}  // namespace

void add_linalg_cases(CaseList& list) {
  add_factors(list);
  add_systems(list);
}

void add_linalg_formulas(CaseList& list) {
  add_norms(list);
  add_products(list);
}

}  // namespace rush::testing
