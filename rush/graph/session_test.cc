// Graphs and sessions: what is written down, what runs, what the errors say.
#include "rush/graph/session.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "rush/base/testing/errors.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/norm.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

using Values = std::vector<double>;

struct GraphTest : testing::Test {
  Graph graph{"g"};
  GraphScope scope{graph};
};
using SessionRun = GraphTest;
using Placeholders = GraphTest;
using Gradients = GraphTest;
using Names = GraphTest;
using Modes = GraphTest;
using Updates = GraphTest;
using States = GraphTest;

TEST_F(SessionRun, ComputesWhatIsFetched) {
  const Tensor x = placeholder(float32, {kUnknown, 2}, "x");
  const Tensor w = variable(Tensor::from({1, 2, 3, 4}).reshape({2, 2}), "w");
  const Tensor y = matmul(x, w) + 1;
  Session s(graph);
  s.initialize();
  EXPECT_EQ(s.run(y, {{x, Tensor::from({1, 1}).reshape({1, 2})}}).to_vector(), (Values{5, 7}));
  const auto both = s.run({w, "add"}, {{"x", zeros({3, 2})}});
  EXPECT_EQ(both[0].to_vector(), (Values{1, 2, 3, 4}));
  EXPECT_EQ(both[1].to_vector(), Values(6, 1));
}

TEST_F(SessionRun, NewFeedsNeverGiveOldValues) {
  const Tensor x = placeholder(float32, {}, "x");
  const Tensor y = square(x) + x;
  Session s(graph);
  std::vector<Tensor> kept;
  for (int i = 0; i < 6; ++i) kept.push_back(s.run(y, {{x, double(i)}}));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(kept[i].item(), i * i + i);
  EXPECT_EQ(s.plan_count(), 1u);
}

TEST_F(SessionRun, OnlyAncestorsRun) {
  const Tensor x = placeholder(float32, {}, "x"), unfed = placeholder(float32, {}, "unfed");
  const Tensor y = x + 1, other = log(unfed) / 0;
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, 1}}).item(), 2);
  EXPECT_NE(error_of([&] { s.run(other, {{x, 1}}); }), "no error");
}

TEST_F(SessionRun, FetchesVariablesFromBeforeTheUpdate) {
  const Tensor w = variable(Tensor::scalar(1, float32), "w");
  const Tensor loss = w * 3;
  optim::SGD sgd({w}, {.lr = 1});
  const Tensor train = sgd.minimize(loss);
  Session s(graph);
  s.initialize();
  for (int i = 0; i < 5; ++i) {
    const auto r = s.run({w, loss, train});
    EXPECT_EQ(r[0].item(), 1 - 3 * i);
    EXPECT_EQ(r[1].item(), 3 * (1 - 3 * i));
    EXPECT_EQ(r[2].item<int64_t>(), i + 1);
  }
  EXPECT_EQ(s.value(w).item(), -14);
}

TEST_F(SessionRun, ResultsDoNotChangeWithVariables) {
  const Tensor w = variable(Tensor::from({1, 2}), "w");
  Session s(graph);
  s.initialize();
  const Tensor flat = s.run(w.reshape({2, 1})), value = s.value(w);
  s.assign(w, Tensor::from({5, 6}));
  EXPECT_EQ(flat.to_vector(), (Values{1, 2}));
  EXPECT_EQ(value.to_vector(), (Values{1, 2}));
  EXPECT_EQ(s.run(w.reshape({2, 1})).to_vector(), (Values{5, 6}));
}

TEST_F(SessionRun, ConstantsStayWhatTheyWere) {
  const Tensor x = placeholder(float32, {}, "x");
  const Tensor c = Tensor::from({1, 2});
  const Tensor y = x * c;
  c.fill_(7);
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, 1}}).to_vector(), (Values{1, 2}));
}

TEST_F(SessionRun, RandomOpsDrawInEveryRun) {
  const Tensor r = rand({4}), twice = r + r;
  EXPECT_FALSE(r.has_data());
  EXPECT_TRUE(zeros({2}).has_data());
  EXPECT_TRUE(nn::Linear(2, 2).weight.has_data());
  Session s(graph);
  const auto a = s.run({r, twice}), b = s.run({r, twice}), c = s.run({r, twice});
  EXPECT_EQ((a[0] * 2).to_vector(), a[1].to_vector());
  EXPECT_NE(a[0].to_vector(), b[0].to_vector());
  EXPECT_NE(b[0].to_vector(), c[0].to_vector());
}

TEST_F(SessionRun, ErrorsNameWhatIsWrong) {
  const Tensor x = placeholder(float32, {kUnknown, 3}, "x"), n = placeholder(int64, {}, "n");
  const Tensor w = variable(zeros({3}), "w");
  const Tensor y = x * w, z = x + n;
  Session s(graph, {.forbid_nan_feeds = true});
  EXPECT_EQ(error_of([&] { s.run(y); }),
            "session: placeholder x float32[?, 3] is needed, but was not fed");
  EXPECT_EQ(error_of([&] {
              s.run(y, {{x, zeros({2, 3})}});
            }),
            "session: variable w is not initialised; call initialize(), or restore it from a file");
  EXPECT_EQ(error_of([&] { s.value(w); }),
            "session: variable w is not initialised; call initialize(), or restore it from a file");
  s.initialize();
  EXPECT_EQ(error_of([&] {
              s.run(y, {{x, zeros({2, 4})}});
            }),
            "session: placeholder x is float32[?, 3]; what was fed: float32[2, 4]");
  EXPECT_EQ(error_of([&] {
              s.run(y, {{x, zeros({2, 3}, float64)}});
            }),
            "session: placeholder x is float32[?, 3]; what was fed: float64[2, 3]");
  EXPECT_EQ(error_of([&] {
              s.run(y, {{x, full({1, 3}, NAN)}});
            }),
            "session: the value fed to x contains a NaN, which forbid_nan_feeds refuses");
  EXPECT_EQ(error_of([&] {
              s.run(y, {{x, zeros({2, 3})}, {x, zeros({2, 3})}});
            }),
            "session: x is fed twice");
  EXPECT_EQ(error_of([&] {
              s.run(y, {{w, zeros({3})}});
            }),
            "session: only placeholders are fed; w is none");
  EXPECT_EQ(error_of([&] { s.run("nothing"); }), "session: graph 'g' has no node called 'nothing'");
  EXPECT_EQ(error_of([&] { s.run(zeros({2})); }),
            "session: a tensor of float32[2] with values is no node of graph 'g'");
  EXPECT_EQ(error_of([&] { s.assign(w, zeros({4})); }),
            "assign: variable w is float32[3]; what came: float32[4]");
  EXPECT_EQ(s.run(z, {{x, ones({1, 3})}, {n, 2}}).to_vector(), Values(3, 3));
}

TEST_F(SessionRun, RefusesNodesOfOtherGraphs) {
  const Tensor x = placeholder(float32, {}, "x");
  Graph other("h");
  Tensor foreign;
  {
    const GraphScope inner(other);
    foreign = placeholder(float32, {}, "y");
  }
  EXPECT_EQ(error_of([&] { x + foreign; }),
            "add: inputs are of two graphs: x of graph 'g' and y of graph 'h'");
  Session s(graph);
  EXPECT_EQ(error_of([&] { s.run(foreign); }),
            "session: y is a node of graph 'h', not of graph 'g'");
}

TEST_F(SessionRun, SymbolicTensorsHaveNoValues) {
  const Tensor x = placeholder(float32, {2}, "x");
  EXPECT_NE(error_of([&] { sum(x).item(); }).find("symbolic"), std::string::npos);
  EXPECT_NE(error_of([&] { x.to_vector(); }).find("symbolic"), std::string::npos);
  EXPECT_NE(error_of([&] { x += 1; }).find("symbolic"), std::string::npos);
  EXPECT_NE(error_of([&] { sum(x).backward(); }).find("gradients(y, xs)"), std::string::npos);
  Tensor y;
  {
    Graph gone("gone");
    const GraphScope inner(gone);
    y = placeholder(float32, {}, "y");
  }
  EXPECT_EQ(error_of([&] { y + 1; }), "add: the graph of its input y has been destroyed");
}

TEST_F(SessionRun, InitialisersRunAnewForEverySession) {
  const Tensor a = variable(rand({8}), "a");
  const Tensor b = variable(
      {8}, [](const Tensor& t) { uniform_(t); }, "b");
  Session s(graph), t(graph);
  s.initialize();
  t.initialize();
  EXPECT_NE(s.value(a).to_vector(), t.value(a).to_vector());
  EXPECT_NE(s.value(b).to_vector(), t.value(b).to_vector());
  const Tensor c = variable(zeros({1}), "c");
  const Values before = s.value(a).to_vector();
  s.initialize_missing();
  EXPECT_EQ(s.value(a).to_vector(), before);
  EXPECT_EQ(s.value(c).to_vector(), Values{0});
}

TEST_F(SessionRun, ConcurrentSessionsAreIndependent) {
  const Tensor x = placeholder(float32, {kUnknown, 4}, "x");
  const nn::Linear layer(4, 1);
  const Tensor loss = mean(square(layer(x) - 1));
  optim::Adam adam({layer.weight, layer.bias}, {.lr = 0.1});
  const Tensor train = adam.minimize(loss);
  const Tensor input = rand({16, 4}, float32).has_data() ? Tensor() : ones({16, 4});
  std::vector<Values> weights(2);
  const auto work = [&](int i) {
    Session s(graph);
    s.initialize();
    for (int k = 0; k < 20 * (i + 1); ++k) s.run({loss, train}, {{x, input}});
    weights[i] = s.value(layer.weight).to_vector();
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  Session s(graph);
  s.initialize();
  for (int k = 0; k < 20; ++k) s.run({loss, train}, {{x, input}});
  EXPECT_EQ(s.value(layer.weight).to_vector(), weights[0]);
  for (int k = 0; k < 20; ++k) s.run({loss, train}, {{x, input}});
  EXPECT_EQ(s.value(layer.weight).to_vector(), weights[1]);
}

TEST_F(SessionRun, ConcurrentRunsOfOneSessionTakeTurns) {
  const Tensor w = variable(zeros({}), "w");
  optim::SGD sgd({w}, {.lr = 1});
  const Tensor train = sgd.minimize(w * -1);
  Session s(graph);
  s.initialize();
  const auto work = [&] {
    for (int k = 0; k < 50; ++k) s.run(train);
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  EXPECT_EQ(s.value(w).item(), 100);
}

// ---- Placeholders ------------------------------------------------------------------------------

TEST_F(Placeholders, UnknownSizesStayUnknown) {
  const Tensor x = placeholder(float32, {"batch", 28, 28}, "x");
  const Tensor flat = x.reshape({x.size(0), -1});
  EXPECT_EQ(to_text(flat.shape()), "[batch, 784]");
  EXPECT_EQ(to_text(x.flatten(0, 1).shape()), "[28*batch, 28]");
  EXPECT_EQ(to_text(cat({x, x}).shape()), "[2*batch, 28, 28]");
  const Tensor mean = x.sum() / x.numel(), scaled = x.sum() * (1.0 / double(x.size(0)));
  Session s(graph);
  for (int n : {1, 3, 7}) {
    const auto r = s.run({flat, mean, scaled}, {{x, ones({n, 28, 28})}});
    EXPECT_EQ(to_text(r[0].shape()), to_text(Shape{n, 784}));
    EXPECT_EQ(r[1].item(), 1);
    EXPECT_NEAR(r[2].item(), 784, 1e-3);
  }
}

TEST_F(Placeholders, NamedSizesMustAgree) {
  const Tensor x = placeholder(float32, {"batch", 2}, "x"), y = placeholder(int64, {"batch"}, "y");
  const Tensor loss = nn::cross_entropy(x, y);
  Session s(graph);
  EXPECT_EQ(error_of([&] {
              s.run(loss, {{x, zeros({3, 2})}, {y, zeros({4}, int64)}});
            }),
            "session: size batch is 3 in x, but 4 in y");
  EXPECT_NEAR(s.run(loss, {{x, zeros({3, 2})}, {y, zeros({3}, int64)}}).item(), 0.693147, 1e-6);
}

TEST_F(Placeholders, ShapeErrorsAriseAtTheLineAndNameTheSizes) {
  const Tensor x = placeholder(float32, {"batch", 784}, "x");
  EXPECT_EQ(error_of([&] {
              matmul(x, zeros({800, 10}));
            }),
            "matmul: inner sizes differ: a is [batch, 784], b is [800, 10]");
  EXPECT_EQ(error_of([&] { nn::Linear(800, 10)(x); }).find("batch") != std::string::npos, true);
}

TEST_F(Placeholders, SizesWithoutNameTakeWhatTheRuleWants) {
  const Tensor x = placeholder(float32, {kUnknown, kUnknown}, "x");
  const Tensor y = matmul(x, ones({3, 5}));
  EXPECT_EQ(to_text(y.shape()), "[?, 5]");
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, ones({2, 3})}}).to_vector(), Values(10, 3));
  EXPECT_NE(error_of([&] {
              s.run(y, {{x, ones({2, 4})}});
            }).find("node matmul"),
            std::string::npos);
}

TEST_F(Placeholders, SizesMakeNewTensors) {
  const Tensor x = placeholder(float32, {"n"}, "x");
  const Tensor y = zeros({x.size(0), 2}) + arange(x.size(0), float32).unsqueeze(1);
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, ones({3})}}).to_vector(), (Values{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(s.run(y, {{x, ones({2})}}).to_vector(), (Values{0, 0, 1, 1}));
  EXPECT_NE(error_of([&] { s.run(zeros({x.size(0)})); }).find("n is not told"), std::string::npos);
}

// ---- Gradients ---------------------------------------------------------------------------------

TEST_F(Gradients, OfAnyNodeAndRepeatable) {
  const Tensor x = placeholder(float32, {}, "x");
  const Tensor h = x * x, y = h * x;  // x^3
  const Tensor dx = gradients(y, x), dh = gradients(y, h), ddx = gradients(dx, x),
               dddx = gradients(ddx, x);
  Session s(graph);
  for (double v : {2.0, 3.0}) {
    const auto r = s.run({dx, dh, ddx, dddx, y}, {{x, v}});
    EXPECT_EQ(r[0].item(), 3 * v * v);
    EXPECT_EQ(r[1].item(), v);
    EXPECT_EQ(r[2].item(), 6 * v);
    EXPECT_EQ(r[3].item(), 6);
    EXPECT_FALSE(r[0].requires_grad());
  }
}

TEST_F(Gradients, FeedsAreNotTouched) {
  const Tensor x = placeholder(float32, {2}, "x");
  const Tensor fed = Tensor::from({1, 2});
  Session s(graph);
  EXPECT_EQ(s.run(gradients(square(x), x), {{x, fed}}).to_vector(), (Values{2, 4}));
  EXPECT_FALSE(fed.requires_grad());
}

TEST_F(Gradients, StopAtAnEdgeDoesNotStarveOthers) {
  const Tensor x = placeholder(float32, {}, "x");
  const Tensor h = x * 2;
  const Tensor y = stop_gradient(h) * h;  // one consumer stopped
  Session s(graph);
  EXPECT_EQ(s.run(gradients(y, x), {{x, 3}}).item(), 12);
}

TEST_F(Gradients, UnreachedVariablesAreNamed) {
  const Tensor x = placeholder(float32, {}, "x"), w = variable(ones({2}), "w");
  const Tensor y = x * 2;
  EXPECT_EQ(error_of([&] { gradients(y, w); }),
            "gradients: no y depends on w float32[2]; allow_unused = true gives zeros instead");
  EXPECT_EQ(error_of([&] { gradients(stop_gradient(w), w); }),
            "gradients: no y depends on w float32[2]; allow_unused = true gives zeros instead");
  Session s(graph);
  s.initialize();
  EXPECT_EQ(s.run(gradients({y}, {w}, {}, {.allow_unused = true}), {{x, 1}})[0].to_vector(),
            (Values{0, 0}));
}

TEST_F(Gradients, StartFromGivenValues) {
  const Tensor x = placeholder(float32, {2}, "x"), dy = placeholder(float32, {2}, "dy");
  Session s(graph);
  EXPECT_EQ(
      s.run(gradients(square(x), x, dy), {{x, Tensor::from({1, 2})}, {dy, Tensor::from({10, 1})}})
          .to_vector(),
      (Values{20, 4}));
}

TEST_F(Gradients, ValuesFromOutsideWithHistoryAreRefused) {
  const Tensor x = placeholder(float32, {}, "x");
  const Tensor w = ones({}).requires_grad_();
  EXPECT_NE(error_of([&] { x*(w * 2); }).find("outside the graph"), std::string::npos);
}

// ---- Names and printing ------------------------------------------------------------------------

TEST_F(Names, AreUniqueAndReadable) {
  const Tensor x = placeholder(float32, {"batch"}, "x"), again = placeholder(float32, {}, "x");
  const Tensor a = x + x, b = a + x;
  Tensor c;
  {
    const NameScope outer("encoder");
    const NameScope inner("block");
    c = tanh(b);
  }
  EXPECT_EQ(graph.name_of(again), "x_1");
  EXPECT_EQ(graph.name_of(a), "add");
  EXPECT_EQ(graph.name_of(b), "add_1");
  EXPECT_EQ(graph.name_of(c), "encoder/block/tanh");
  EXPECT_EQ(graph.to_text(),
            "x = placeholder -> float32[batch]\n"
            "x_1 = placeholder -> float32[]\n"
            "add = add(x, x) -> float32[batch]\n"
            "add_1 = add(add, x) -> float32[batch]\n"
            "encoder/block/tanh = tanh(add_1) -> float32[batch]\n");
  EXPECT_NE(graph.to_dot().find("\"add\" -> \"add_1\";"), std::string::npos);
  EXPECT_EQ(graph_of(graph.find("add")), graph);
}

TEST_F(Names, ScopesOfGraphsNest) {
  Graph inner;
  EXPECT_EQ(default_graph(), graph);
  {
    const GraphScope nested(inner);
    EXPECT_EQ(default_graph(), inner);
  }
  EXPECT_EQ(default_graph(), graph);
}

}  // namespace
}  // namespace rush
