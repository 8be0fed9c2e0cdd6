#include <cmath>

#include "rush/ops/cases/formula.h"
#include "rush/ops/statistics.h"

namespace rush::testing {
namespace {

const char kMoments[] = "moments(x, axes, keepdim)";
const char kDiff[] = "diff(x, n=1, axis=-1, prepend, append)";
const char kDiffDoc[] = "Differences of neighbours along an axis, n times.";
const char kTrapezoid[] = "trapezoid(y, x or dx, axis=-1)";
const char kTrapezoidDoc[] = "The integral along an axis by the trapezoid rule.";
const char kCumulative[] = "cumulative_trapezoid(y, x or dx, axis=-1)";
const char kCumulativeDoc[] = "The same up to every point but the first.";
const char kCov[] = "cov(x; correction, fweights, aweights)";
const char kCovDoc[] = "Covariances of variables (rows) over observations (columns).";
const char kCdist[] = "cdist(a, b, p=2)";
const char kCdistDoc[] = "Distances of all pairs of rows of a and b.";

void add_differences(CaseList& list) {
  add_formulas(list, {{"aminmax(x, axis, keepdim)",
                       "The smallest and the largest element.",
                       "",
                       {{{3, 4}, -2, 2, In::kDistinct}},
                       [](const Tensors& x) {
                         const MinMax m = aminmax(x[0], 1, true);
                         return Tensors{m.min, m.max};
                       },
                       "tuple(torch.aminmax(x0, dim=1, keepdim=True))"},
                      {kMoments,
                       "Mean and variance over some axes, without correction.",
                       "",
                       {{{3, 4}}},
                       [](const Tensors& x) {
                         const Moments m = moments(x[0], {1});
                         return Tensors{m.mean, m.variance};
                       },
                       "(x0.mean(1), x0.var(1, correction=0))"},
                      {kDiff,
                       kDiffDoc,
                       "",
                       {{{3, 5}}},
                       one([](const Tensors& x) { return diff(x[0]); }),
                       "torch.diff(x0)",
                       true,
                       true,
                       1,
                       true,
                       true},
                      {kDiff,
                       kDiffDoc,
                       "twice, joined",
                       {{{3, 5}}, {{2, 5}}},
                       one([](const Tensors& x) { return diff(x[0], 2, 0, x[1], x[1]); }),
                       "torch.diff(x0, n=2, dim=0, prepend=x1, append=x1)"},
                      {kTrapezoid,
                       kTrapezoidDoc,
                       "step",
                       {{{3, 5}}},
                       one([](const Tensors& x) { return trapezoid(x[0], 0.5, 0); }),
                       "torch.trapezoid(x0, dx=0.5, dim=0)"},
                      {kTrapezoid,
                       kTrapezoidDoc,
                       "points",
                       {{{3, 5}}, {{5}}},
                       one([](const Tensors& x) { return trapezoid(x[0], x[1]); }),
                       "torch.trapezoid(x0, x1)"},
                      {kCumulative,
                       kCumulativeDoc,
                       "",
                       {{{3, 5}}, {{3, 5}}},
                       one([](const Tensors& x) { return cumulative_trapezoid(x[0], x[1]); }),
                       "torch.cumulative_trapezoid(x0, x1)"},
                      {kCumulative,
                       kCumulativeDoc,
                       "step",
                       {{{4, 2}}},
                       one([](const Tensors& x) { return cumulative_trapezoid(x[0], 2.0, 0); }),
                       "torch.cumulative_trapezoid(x0, dx=2.0, dim=0)"}});
}

void add_covariances(CaseList& list) {
  add_formulas(list, {{kCov,
                       kCovDoc,
                       "",
                       {{{3, 6}}},
                       one([](const Tensors& x) { return cov(x[0]); }),
                       "torch.cov(x0)"},
                      {kCov,
                       kCovDoc,
                       "weights",
                       {{{2, 5}}, {{5}, 1, 4, In::kFixedReal}, {{5}, 0.5, 2, In::kFixedReal}},
                       one([](const Tensors& x) {
                         return cov(
                             x[0], {.correction = 1, .fweights = x[1].to(int64), .aweights = x[2]});
                       }),
                       "torch.cov(x0, fweights=x1.long(), aweights=x2)",
                       true,
                       true,
                       10},
                      {kCov,
                       kCovDoc,
                       "one variable, no correction",
                       {{{6}}},
                       one([](const Tensors& x) { return cov(x[0], {.correction = 0}); }),
                       "torch.cov(x0, correction=0)"},
                      {"corrcoef(x)",
                       "Covariances over the product of both deviations.",
                       "",
                       {{{3, 6}}},
                       one([](const Tensors& x) { return corrcoef(x[0]); }),
                       "torch.corrcoef(x0)",
                       false,
                       false,
                       10}});
}

void add_distances(CaseList& list) {
  const std::vector<In> pair = {{{2, 3, 4}}, {{2, 5, 4}}};
  add_formulas(
      list, {{kCdist, kCdistDoc, "", pair, one([](const Tensors& x) { return cdist(x[0], x[1]); }),
              "torch.cdist(x0, x1)", true, false, 10},
             {kCdist,
              kCdistDoc,
              "p = 1",
              {{{3, 2}, -2, 2, In::kDistinct}, {{2, 2}, -9, 9, In::kDistinct}},
              one([](const Tensors& x) { return cdist(x[0], x[1], 1); }),
              "torch.cdist(x0, x1, p=1.0)",
              true,
              false},
             {kCdist, kCdistDoc, "p = 3", pair,
              one([](const Tensors& x) { return cdist(x[0], x[1], 3); }),
              "torch.cdist(x0, x1, p=3.0)", true, false, 10},
             {kCdist, kCdistDoc, "p = inf", pair,
              one([](const Tensors& x) { return cdist(x[0], x[1], INFINITY); }),
              "torch.cdist(x0, x1, p=math.inf)", true, false},
             {"pdist(x, p=2)",
              "Distances of all pairs of different rows.",
              "",
              {{{4, 3}}},
              one([](const Tensors& x) { return pdist(x[0]); }),
              "F.pdist(x0)",
              true,
              false,
              10}});
}

}  // namespace

void add_statistics_formulas(CaseList& list) {
  add_differences(list);
  add_covariances(list);
  add_distances(list);
}

}  // namespace rush::testing
