// Optimiser steps over several tensors, layouts and dtypes; the formulas are in the rows of cases.
#include "rush/ops/optim_step.h"

#include <gtest/gtest.h>

#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

TEST(SgdStep, TheFirstSetsTheBuffer) {
  const std::vector<Tensor> p{ones({3}), ones({2, 2})}, g{full({3}, 2.0), full({2, 2}, 4.0)},
      m{zeros({3}), zeros({2, 2})};
  sgd_step(p, g, m, {.lr = 0.5, .momentum = 0.9, .dampening = 0.5, .first_step = true});
  EXPECT_EQ(p[1].to_vector(), std::vector<double>(4, -1));
  EXPECT_EQ(m[0].to_vector(), std::vector<double>(3, 2));
}

TEST(SgdStep, WorksWhateverTheLayout) {
  const Tensor p = transpose(zeros({3, 40000}), 0, 1), g = transpose(ones({40000, 3}), 0, 1);
  const Tensor expanded = expand(ones({1, 1}), {40000, 3});
  sgd_step({&p, 1}, {&expanded, 1}, {}, {.lr = 1});
  EXPECT_EQ(amax(p).item(), -1);
  EXPECT_EQ(amin(p).item(), -1);
  const Tensor q = zeros({3, 40000});
  sgd_step({&q, 1}, {&g, 1}, {}, {.lr = 1});
  EXPECT_EQ(amin(q).item(), -1);
  EXPECT_EQ(amax(q).item(), -1);
}

TEST(SgdStep, ChangesLeavesAndCountsVersions) {
  const Tensor p = ones({3});
  p.requires_grad_();
  const Tensor g = ones({3});
  sgd_step({&p, 1}, {&g, 1}, {}, {.lr = 0.25});
  EXPECT_EQ(p.to_vector(), std::vector<double>(3, 0.75));
  EXPECT_EQ(p.version(), 1u);
}

TEST(SgdStep, RefusesListsThatDoNotFit) {
  const Tensor p = ones({3}), g = ones({4});
  EXPECT_THROW(sgd_step({&p, 1}, {&g, 1}, {}, {}), ShapeError);
  EXPECT_THROW(sgd_step({&p, 1}, {}, {}, {}), ShapeError);
  EXPECT_THROW(sgd_step({&p, 1}, {&p, 1}, {}, {.momentum = 0.9}), ShapeError);
  const Tensor i = ones({3}, int64);
  EXPECT_THROW(sgd_step({&i, 1}, {&i, 1}, {}, {}), TypeError);
}

TEST(AdamStep, TakesAnEmptyList) { adam_step({}, {}, {}, {}, {}, {}); }

TEST(AdamStep, FirstStepIsTheRate) {
  const Tensor p = zeros({5}, float64), g = full({5}, 3.0, float64), m = zeros({5}, float64),
               v = zeros({5}, float64);
  adam_step({&p, 1}, {&g, 1}, {&m, 1}, {&v, 1}, {}, {.lr = 0.01});
  EXPECT_NEAR(p.to_vector()[4], -0.01, 1e-9);
}

TEST(TotalNorm, AddsUpOverTensors) {
  const std::vector<Tensor> xs{full({4}, 2.0), full({3, 3}, 1.0)};
  EXPECT_FLOAT_EQ(total_norm(xs).item<float>(), 5);
  EXPECT_EQ(total_norm({}).item(), 0);
  EXPECT_THROW(total_norm(xs, 0), Error);
}

}  // namespace
}  // namespace rush
