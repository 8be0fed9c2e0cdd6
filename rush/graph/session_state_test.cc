// What sessions keep: loading all of it or nothing, names, and updates beside reads.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "rush/base/testing/errors.h"
#include "rush/graph/session.h"
#include "rush/graph/state.h"
#include "rush/graph/stepper.h"
#include "rush/graph/testing/kernel_counter.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

using Values = std::vector<double>;

struct SessionState : testing::Test {
  Graph graph{"g"};
  GraphScope scope{graph};
  Tensor w = variable(Tensor::from({1, 2}), "w");
  optim::Adam adam{{w}, {.lr = 0.1}};
  Tensor train = adam.minimize(sum(square(w)));
};

State without(State state, const std::string& name) {
  std::erase_if(state, [&](const auto& entry) { return entry.first == name; });
  return state;
}

TEST_F(SessionState, StrictLoadingSetsAllOrNothing) {
  Session s(graph);
  s.initialize();
  s.run(train);
  State good = s.state();
  for (int i = 0; i < 2; ++i) s.run(train);
  const auto text_of = [&] {
    std::string text;
    for (const auto& [name, t] : s.state())
      for (double v : t.to_vector()) text += name + " " + std::to_string(v) + "\n";
    return text;
  };
  const std::string before = text_of();
  State odd = good;
  odd.emplace_back("train/0.momentum", ones({2}));
  State reshaped = without(good, "train/0.exp_avg");
  reshaped.emplace_back("train/0.exp_avg", ones({3}));
  for (const State& bad : {without(good, "train/groups.0.lr"), without(good, "train/steps"),
                           without(good, "train/0.step"), odd, reshaped}) {
    EXPECT_NE(error_of<ShapeError>([&] { s.load(bad); }), "no error");
    EXPECT_EQ(text_of(), before);
  }
  const auto report = s.load(reshaped, {.strict = false});
  EXPECT_EQ(report.reshaped.size(), 1u);
  s.load(good);
  EXPECT_NE(text_of(), before);
}

TEST_F(SessionState, ContinuesInPlansMadeBefore) {
  Session s(graph);
  s.initialize();
  s.run(train);
  const State saved = s.state();
  std::vector<Values> first, second;
  for (int i = 0; i < 4; ++i) s.run(train), first.push_back(s.value(w).to_vector());
  s.load(saved);
  for (int i = 0; i < 4; ++i) s.run(train), second.push_back(s.value(w).to_vector());
  EXPECT_EQ(first, second);
}

TEST_F(SessionState, WithoutOptimiserEntriesStartsThemAnew) {
  Session a(graph), b(graph);
  for (Session* s : {&a, &b}) s->initialize();
  for (int i = 0; i < 3; ++i) a.run(train);
  a.load({{"w", Tensor::from({1, 2})}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(a.run(train).item(), b.run(train).item());
  EXPECT_EQ(a.value(w).to_vector(), b.value(w).to_vector());
}

TEST_F(SessionState, LoadedLearningRatesAreKept) {
  Session s(graph);
  s.initialize();
  s.run(train);
  const State saved = s.state();
  adam.set_lr(0.5);
  s.load(saved);
  EXPECT_EQ(adam.lr(), 0.1);
  s.run(train);
  EXPECT_EQ(adam.lr(), 0.1);
}

TEST(SessionNames, OfOptimisersMayBeginWithEachOther) {
  const Graph graph("g");
  const GraphScope scope(graph);
  const Tensor v = variable(ones({2}), "v"), w = variable(ones({2}), "w");
  optim::SGD outer({v}, {.lr = 0.1, .momentum = 0.9}), inner({w}, {.lr = 0.1, .momentum = 0.5});
  const Tensor a = outer.minimize(sum(square(v)));
  const NameScope names("train");
  const Tensor b = inner.minimize(sum(square(w)) * 3);
  ASSERT_EQ(graph.name_of(a), "train");
  ASSERT_EQ(graph.name_of(b), "train/train");
  Session s(graph), restored(graph);
  s.initialize();
  s.run({a, b});
  restored.load(s.state());
  for (int i = 0; i < 2; ++i) {
    s.run({a, b});
    restored.run({a, b});
  }
  EXPECT_EQ(s.value(w).to_vector(), restored.value(w).to_vector());
  EXPECT_EQ(s.value(v).to_vector(), restored.value(v).to_vector());
}

TEST_F(SessionState, OutputNumbersAreWhole) {
  Session s(graph);
  s.initialize();
  EXPECT_EQ(s.run("w:0").to_vector(), (Values{1, 2}));
  for (const char* name : {"w:junk", "w:", "w:0x", "w:-1", "w:1", "w: 0"})
    expect_error([&] { s.run(name); }, {"has no node called", name});
}

TEST_F(SessionState, NamesMeanWhatTheyMeanNow) {
  const Tensor other = variable(Tensor::from({5}), "other");
  Session s(graph);
  s.initialize();
  EXPECT_EQ(s.run("other").item(), 5);
  graph.rename(other, "another");
  graph.rename(w, "other");
  EXPECT_EQ(s.run("other").to_vector(), (Values{1, 2}));
}

// A node that reads a variable and an update's value is computed after the update, but reads from
// before it.
TEST_F(SessionState, ReadsBesideUpdatesSeeTheOldValue) {
  const Tensor late = w.reshape({2, 1}).sum() + train;
  Session s(graph);
  s.initialize();
  for (int i = 1; i <= 4; ++i) {
    const double before = s.value(w).sum().item();
    EXPECT_EQ(s.run(late).item(), static_cast<float>(before) + i);
  }
}

TEST_F(SessionState, AFailedAssignmentChangesNothing) {
  const Tensor x = placeholder(float32, {2}, "x");
  const Tensor buffer = zeros({2}), number = x.sum();
  const size_t nodes = graph.node_names().size();
  expect_error<ShapeError>([&] { graph::assign_with(x, buffer, number); }, {"assign_with"});
  EXPECT_EQ(graph.node_names().size(), nodes);
  Session s(graph);
  expect_error<ShapeError>([&] { s.assign("w", ones({3})); }, {"assign: variable w is float32[2]"});
  expect_error([&] { s.value("w"); }, {"not initialised"});
}

TEST(SessionRuns, OnlyAncestorsOfWhatIsFetched) {
  const Graph graph("g");
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {2}, "x"), unfed = placeholder(float32, {}, "unfed");
  const Tensor common = exp(x), left = tanh(common), right = sin(common);
  const Tensor descendant = cos(left), apart = log(unfed);
  Session s(graph, {.use_plans = false});
  const Tensor value = ones({2});
  const auto runs_of = [&](const std::vector<NodeRef>& fetches) {
    const KernelCounter counter;
    s.run(fetches, {{x, value}});
    return counter.runs();
  };
  using Runs = std::map<std::string, int>;
  EXPECT_EQ(runs_of({left}), (Runs{{"exp", 1}, {"tanh", 1}}));
  EXPECT_EQ(runs_of({right}), (Runs{{"exp", 1}, {"sin", 1}}));
  EXPECT_EQ(runs_of({left, right}), (Runs{{"exp", 1}, {"tanh", 1}, {"sin", 1}}));
  EXPECT_EQ(runs_of({descendant}), (Runs{{"exp", 1}, {"tanh", 1}, {"cos", 1}}));
}

TEST_F(SessionState, PlansHoldOnlyAncestorsToo) {
  const Tensor x = placeholder(float32, {2}, "x");
  const Tensor y = sin(x), unused = cos(y);
  Session s(graph);
  for (int i = 0; i < 3; ++i) s.run(y, {{x, ones({2})}});
  const std::string plan = s.explain();
  EXPECT_NE(plan.find("sin"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("cos"), std::string::npos) << plan;
}

// ---- Steppers ----------------------------------------------------------------------------------

TEST(StepperFeeds, AreCheckedAsThoseOfRuns) {
  const Graph graph("g");
  const GraphScope scope(graph);
  const Tensor x = placeholder(float64, {"n"}, "x"), y = square(x), loss = sum(y);
  Session s(graph, {.forbid_nan_feeds = true});
  expect_error([&] { Stepper(s, loss, {{y, ones({2})}}); }, {"only placeholders are fed"});
  expect_error(
      [&] {
        Stepper(s, loss, {{x, ones({2}, float64)}, {"x", ones({2}, float64)}});
      },
      {"x is fed twice"});
  expect_error<TypeError>([&] { Stepper(s, loss, {{x, ones({2})}}); }, {"x is float64[n]"});
  expect_error(
      [&] {
        Stepper(s, loss, {{x, full({1}, std::nan(""), float64)}});
      },
      {"contains a NaN"});
  expect_error([&] { Stepper(s, loss, {{x, Tensor()}}); }, {"no data"});
}

TEST(StepperLife, OutlivesItsSession) {
  std::unique_ptr<Stepper> step;
  {
    const Graph graph("g");
    const GraphScope scope(graph);
    const Tensor w = variable(Tensor::from({3, 4}), "w");
    const Tensor loss = sum(square(w));
    Session s(graph);
    s.initialize();
    step = std::make_unique<Stepper>(s, loss);
  }
  while (step->forward()) {
  }
  while (step->backward()) {
  }
  EXPECT_EQ(step->gradient("w").to_vector(), (Values{6, 8}));
}

}  // namespace
}  // namespace rush
