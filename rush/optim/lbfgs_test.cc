// L-BFGS on Rosenbrock's valley against PyTorch's steps, and what it refuses.
#include "rush/optim/lbfgs.h"

#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::optim {
namespace {

struct Valley {
  Tensor x = Tensor::from(std::vector<double>{-1.5, 2}).requires_grad_();
  LBFGS opt;
  explicit Valley(const LBFGSOptions& options) : opt({x}, options) {}
  double step() {
    return opt
        .step([&] {
          opt.zero_grad();
          const Tensor a = select(x, 0, 0), b = select(x, 0, 1);
          const Tensor loss = square(1 - a) + 10 * square(b - square(a));
          loss.backward();
          return loss;
        })
        .item();
  }
};

struct Row {
  double loss, x, y;
  int64_t evaluations;
};

void expect_rows(Valley& valley, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    EXPECT_NEAR(valley.step(), row.loss, 1e-9);
    const auto x = valley.x.to_vector<double>();
    EXPECT_NEAR(x[0], row.x, 1e-9);
    EXPECT_NEAR(x[1], row.y, 1e-9);
    EXPECT_EQ(valley.opt.evaluations(), row.evaluations);
  }
}

TEST(LBFGS, FixedStepsArePyTorchs) {
  Valley valley({.lr = 0.3, .max_iter = 5, .history_size = 3});
  expect_rows(valley, {{6.875, -1.3588851590060227, 2.0110229070142362, 5},
                       {5.83479047862975, -1.3700817476095715, 1.928351804707101, 10},
                       {5.643530375089749, -1.0038357182619893, 0.8482731560978677, 15},
                       {4.269482609667063, -0.18343707472829524, -0.07492941730535549, 20}});
}

const LBFGSOptions kSearching{
    .max_iter = 5, .history_size = 3, .line_search = LineSearch::kStrongWolfe};

TEST(LBFGS, LineSearchIsPyTorchs) {
  Valley valley(kSearching);
  expect_rows(valley, {{6.875, -1.3504470037860288, 1.7910948316204778, 6},
                       {5.535236724640362, -0.18303580010767134, -0.11028756066055855, 13},
                       {1.6063283813164873, 0.48247839736349535, 0.16316319812568442, 19},
                       {0.3163011245955237, 0.9391644671858849, 0.8566858044797723, 25}});
}

TEST(LBFGS, FindsTheBottom) {
  Valley valley({.max_iter = 100, .line_search = LineSearch::kStrongWolfe});
  for (int i = 0; i < 3; ++i) valley.step();
  EXPECT_NEAR(valley.x.to_vector<double>()[0], 1, 1e-4);
  EXPECT_NEAR(valley.x.to_vector<double>()[1], 1, 1e-4);
}

TEST(LBFGS, ContinuesFromASavedState) {
  Valley first(kSearching), second(kSearching);
  first.step();
  first.step();
  State saved;
  for (const auto& [name, t] : first.opt.state()) saved.emplace_back(name, t.clone());
  second.x.detach().copy_(first.x.detach());
  second.opt.load(saved);
  EXPECT_EQ(first.step(), second.step());
  EXPECT_EQ(first.x.to_vector<double>(), second.x.to_vector<double>());
}

TEST(LBFGS, RefusesWhatItCannotDo) {
  Valley valley({});
  valley.step();
  EXPECT_THROW(valley.opt.Optimizer::step(), Error);
  EXPECT_THROW(valley.opt.add_param_group({valley.x}, {}), Error);
  EXPECT_THROW(valley.opt.step([&] { return valley.x.detach(); }), ShapeError);
  EXPECT_THROW(valley.opt.load({}), ShapeError);
  EXPECT_THROW(LBFGS({valley.x}, {.max_iter = 0}), Error);
  EXPECT_THROW(LBFGS({valley.x}, {.history_size = 0}), Error);
  State saved = valley.opt.state();
  for (auto& [name, t] : saved)
    if (name == "d") t = Tensor::from(std::vector<double>{1, 2, 3});
  EXPECT_THROW(valley.opt.load(saved), ShapeError);
}

}  // namespace
}  // namespace rush::optim
