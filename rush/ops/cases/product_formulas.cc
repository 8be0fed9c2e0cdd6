#include "rush/ops/cases/formula.h"
#include "rush/ops/matmul.h"

namespace rush::testing {
namespace {

const In kMatrix = {{3, 4}}, kLeft = {{4}}, kRight = {{3}};

const char kCross[] = "cross(a, b, axis=-1)";
const char kRenorm[] = "renorm(x, p, axis, maxnorm)";

void add_sums(CaseList& list) {
  add_formulas(list, {{"addbmm(input, a, b; beta, alpha)",
                       "beta input + alpha times the sum of all a[i] b[i].",
                       "",
                       {{{2, 2}}, {{3, 2, 4}}, {{3, 4, 2}}},
                       one([](const Tensors& x) {
                         return addbmm(x[0], x[1], x[2], {0.5, 2});
                       }),
                       "torch.addbmm(x0, x1, x2, beta=0.5, alpha=2)",
                       true,
                       true,
                       10},
                      {"baddbmm(input, a, b; beta, alpha)",
                       "beta input + alpha times a b, in batches.",
                       "",
                       {{{2, 2}}, {{3, 2, 4}}, {{3, 4, 2}}},
                       one([](const Tensors& x) {
                         return baddbmm(x[0], x[1], x[2], {0.5, 2});
                       }),
                       "torch.baddbmm(x0, x1, x2, beta=0.5, alpha=2)",
                       true,
                       true,
                       10},
                      {"addmm(input, a, b; beta, alpha)",
                       "beta input + alpha a b.",
                       "",
                       {{{2}}, {{3, 4}}, {{4, 2}}},
                       one([](const Tensors& x) {
                         return addmm(x[0], x[1], x[2], {0.5, 2});
                       }),
                       "torch.addmm(x0, x1, x2, beta=0.5, alpha=2)",
                       true,
                       true,
                       10},
                      {"addmv(input, a, x; beta, alpha)",
                       "beta input + alpha a x.",
                       "",
                       {kRight, kMatrix, kLeft},
                       one([](const Tensors& x) {
                         return addmv(x[0], x[1], x[2], {0.5, 2});
                       }),
                       "torch.addmv(x0, x1, x2, beta=0.5, alpha=2)",
                       true,
                       true,
                       10},
                      {"addr(input, x, y; beta, alpha)",
                       "beta input + alpha times the outer product.",
                       "",
                       {kMatrix, kRight, kLeft},
                       one([](const Tensors& x) {
                         return addr(x[0], x[1], x[2], {0.5, 2});
                       }),
                       "torch.addr(x0, x1, x2, beta=0.5, alpha=2)"}});
}

}  // namespace

void add_product_formulas(CaseList& list) {
  add_sums(list);
  add_formulas(list, {{"inner(a, b)",
                       "Products summed over the last axis of both.",
                       "",
                       {kMatrix, {{2, 4}}},
                       one([](const Tensors& x) { return inner(x[0], x[1]); }),
                       "torch.inner(x0, x1)"},
                      {"vdot(x, y)",
                       "dot: there are no complex numbers.",
                       "",
                       {kLeft, kLeft},
                       one([](const Tensors& x) { return vdot(x[0], x[1]); }),
                       "torch.vdot(x0, x1)"},
                      {"ger(x, y)",
                       "outer.",
                       "",
                       {kLeft, kRight},
                       one([](const Tensors& x) { return ger(x[0], x[1]); }),
                       "torch.ger(x0, x1)"},
                      {"kron(a, b)",
                       "Every element of a times b.",
                       "",
                       {{{2, 3}}, {{2}}},
                       one([](const Tensors& x) { return kron(x[0], x[1]); }),
                       "torch.kron(x0, x1)",
                       true,
                       true,
                       1,
                       true,
                       true},
                      {kCross,
                       "Cross products of vectors of three.",
                       "",
                       {{{2, 3}}, {{2, 3}}},
                       one([](const Tensors& x) { return cross(x[0], x[1]); }),
                       "torch.linalg.cross(x0, x1)"},
                      {kCross,
                       "Cross products of vectors of three.",
                       "first axis, broadcast",
                       {{{3, 1}}, {{3, 4}}},
                       one([](const Tensors& x) { return cross(x[0], x[1], 0); }),
                       "torch.linalg.cross(x0, x1, dim=0)"},
                      {"multi_dot(matrices)",
                       "The product of a chain, in the cheapest order.",
                       "",
                       {{{3}}, {{3, 5}}, {{5, 2}}, {{2, 4}}},
                       one([](const Tensors& x) {
                         return multi_dot({x[0], x[1], x[2], x[3]});
                       }),
                       "torch.linalg.multi_dot((x0, x1, x2, x3))",
                       true,
                       true,
                       10},
                      {kRenorm,
                       "Entries along an axis with a norm above maxnorm scaled down.",
                       "",
                       {{{3, 4}}},
                       one([](const Tensors& x) { return renorm(x[0], 2, 0, 2.5); }),
                       "torch.renorm(x0, 2, 0, 2.5)",
                       true,
                       true,
                       10}});
}

}  // namespace rush::testing
