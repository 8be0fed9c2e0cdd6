// Whole trainings in graphs, saved and restored.
#include "rush/io/session.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "rush/base/file.h"
#include "rush/base/testing/errors.h"
#include "rush/data/mnist.h"
#include "rush/io/model.h"
#include "rush/io/npy_dict.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

namespace fs = std::filesystem;
using Values = std::vector<double>;
using Names = std::vector<std::string>;

struct SessionFiles : testing::Test {
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_session_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    path = (folder / "s.safetensors").string();
  }
  void TearDown() override {
    detail::set_atomic_file_hook(nullptr);
    fs::remove_all(folder);
  }
  fs::path folder;
  std::string path;
  Graph graph{"g"};
  GraphScope scope{graph};
};

double accuracy(const Tensor& logits, const Tensor& labels) {
  return mean(cast(eq(logits.argmax(1), labels), float64)).item();
}

// The losses are those that the NumPy original printed every 1,000 steps.
TEST_F(SessionFiles, SpiralTrainsAsTheOriginalDid) {
  const State given = io::load_npy_dict(RUSH_SOURCE_DIR "/share/spiral/spiral.npy");
  const Tensor points = given[0].second, arms = cast(given[1].second, int64);
  const Tensor x = placeholder(float32, {kUnknown, 2}, "x"),
               y = placeholder(int64, {kUnknown}, "y");
  std::vector<Tensor> w, b;
  Tensor h = x, penalty;
  for (int i = 0; i < 3; ++i) {
    w.push_back(variable(given[2 + i].second, VariableOptions{.name = given[2 + i].first}));
    b.push_back(
        variable(zeros({w[i].size(1)}), VariableOptions{.name = "b" + std::to_string(i + 1)}));
    h = matmul(i == 0 ? h : relu(h), w[i]) + b[i];
    const Tensor l2 = 1e-3 * 0.5 * sum(square(w[i]));
    penalty = i == 0 ? l2 : penalty + l2;
  }
  const Tensor loss = nn::cross_entropy(h, y) + penalty;
  optim::SGD gd(graph.variables(), {.lr = 0.1});
  const Tensor train = gd.minimize(loss);

  Session session(graph);
  session.initialize();
  const auto part = [](const Tensor& t, int64_t from, int64_t count) {
    return narrow(t, 0, from, count).contiguous();
  };
  const std::vector<Feed> feeds{{x, part(points, 0, 300)}, {y, part(arms, 0, 300)}};
  const double printed[] = {1.098719, 1.095585, 1.093743, .661384, .26854,
                            .144478,  .131555,  .127640,  .125688, .124415};
  for (int i = 0; i < 10000; ++i) {
    const double value = session.run({loss, train}, feeds)[0].item();
    if (i % 1000 != 0) continue;
    const double want = printed[i / 1000];
    EXPECT_NEAR(value, want, want * (i == 4000 ? 1e-2 : 5e-4)) << i;
  }
  EXPECT_NEAR(session.run(loss, feeds).item(), .12441, 1.5e-3);
  EXPECT_GE(accuracy(session.run(h, {{x, part(points, 300, 150)}}), part(arms, 300, 150)), 0.9933);
}

TEST_F(SessionFiles, LogisticRegressionIsRestoredToTheBit) {
  const data::MnistDataset digits, unseen({.train = false});
  const auto flat = [](const Tensor& images) {
    return cast(images, float32).reshape({images.size(0), 784}) / 255;
  };
  const Tensor images = flat(digits.images()), labels = digits.labels();
  const Tensor x = placeholder(float32, {"batch", 784}, "x"),
               y = placeholder(int64, {"batch"}, "y");
  const Tensor w = variable(zeros({784, 10}), "w"), b = variable(zeros({10}), "b");
  const Tensor logits = matmul(x, w) + b;
  const Tensor loss = nn::cross_entropy(logits, y) + 0.5e-3 * sum(square(w));
  optim::SGD gd({w, b}, {.lr = 0.5});
  const Tensor train = gd.minimize(loss);
  Session session(graph);
  session.initialize();
  for (int i = 0; i < 1000; ++i) {
    const int64_t from = i * 100 % digits.size();
    session.run(train, {{x, narrow(images, 0, from, 100)}, {y, narrow(labels, 0, from, 100)}});
  }
  save(path, session);
  const Tensor test = flat(unseen.images());
  const Tensor want = session.run(logits, {{x, test}});
  Session restored(graph);
  restore(path, restored);
  const Tensor got = restored.run(logits, {{x, test}});
  EXPECT_EQ(got.to_vector(), want.to_vector());
  EXPECT_GE(accuracy(got, unseen.labels()), 0.885);
}

TEST_F(SessionFiles, NumpyDictionariesAreImported) {
  std::vector<Tensor> w;
  for (const Shape& shape : {Shape{2, 50}, Shape{50, 50}, Shape{50, 3}})
    w.push_back(
        variable(zeros(shape), VariableOptions{.name = "w" + std::to_string(w.size() + 1)}));
  Session session(graph);
  const auto report =
      restore(RUSH_SOURCE_DIR "/share/spiral/spiral.npy", session, {.strict = false});
  EXPECT_EQ(report.unexpected, (Names{"x", "label"}));
  EXPECT_NEAR(session.value("w1").to_vector()[0], 0.0176405, 1e-6);
}

TEST_F(SessionFiles, OptimisersContinueWhereTheyWere) {
  const Tensor w = variable(Tensor::from({1, 2}), "w");
  optim::Adam adam({w}, {.lr = 0.1});
  const Tensor train = adam.minimize(sum(square(w)));
  Session a(graph), b(graph);
  a.initialize();
  for (int i = 0; i < 3; ++i) a.run(train);
  save(path, a);
  restore(path, b);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(a.run(train).item(), b.run(train).item());
  EXPECT_EQ(a.value(w).to_vector(), b.value(w).to_vector());
}

TEST_F(SessionFiles, ReportWhatDoesNotFit) {
  variable(zeros({2}), "a");
  variable(zeros({3}), "b");
  Session s(graph);
  EXPECT_EQ(error_of([&] { save(path, s); }),
            "session: variable a is not initialised, so there is no state yet");
  const State other{{"b", ones({2})}, {"c", ones({1})}};
  EXPECT_EQ(error_of([&] { s.load(other); }),
            "session: the state does not fit graph 'g'; missing: a; unexpected: c; reshaped: b is "
            "float32[3] in the graph and float32[2] in the state");
  const auto report = s.load(other, {.strict = false});
  EXPECT_EQ(report.missing, Names{"a"});
  EXPECT_EQ(report.unexpected, Names{"c"});
  EXPECT_EQ(report.reshaped.size(), 1u);
  EXPECT_NE(error_of([&] { s.value("a"); }), "no error");
}

TEST_F(SessionFiles, ASaveThatFailsLeavesTheOldFile) {
  const Tensor w = variable(zeros({2}), "w");
  Session s(graph);
  s.initialize();
  save(path, s);
  s.assign(w, ones({2}));
  detail::set_atomic_file_hook([](const char*) { throw IoError("disk full"); });
  EXPECT_EQ(error_of([&] { save(path, s); }), "disk full");
  detail::set_atomic_file_hook(nullptr);
  EXPECT_EQ(load_state(path)[0].second.to_vector(), (Values{0, 0}));
}

struct Net {
  nn::Linear fc{4, 3};
  nn::BatchNorm1d norm{3};
  Tensor operator()(const Tensor& x) const { return norm(fc(x)); }
};

TEST_F(SessionFiles, ModelsAndSessionsExchangeFiles) {
  Net net, other;
  const Tensor x = placeholder(float32, {"batch", 4}, "x");
  const Tensor y = net(x);
  name_variables(net);
  save(path, other);
  Session s(graph);
  restore(path, s);
  eval(other);
  const Tensor input = ones({2, 4});
  EXPECT_EQ(s.run(y, {{x, input}}).to_vector(), other(input).to_vector());
  save(path, s);
  load(path, net);
  EXPECT_EQ(net.fc.weight.to_vector(), other.fc.weight.to_vector());
}

}  // namespace
}  // namespace rush
