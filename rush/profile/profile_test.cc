// What a profile sees of eager ops, gradients, layers, optimisers, compiled plans and threads.
#include "rush/profile/profile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "rush/base/file.h"
#include "rush/base/threads.h"
#include "rush/rush.h"

namespace rush {
namespace {

const ProfileRow* find_row(const std::vector<ProfileRow>& rows, const std::string& name,
                           const std::string& gradient_of = "", const std::string& module = "") {
  for (const ProfileRow& r : rows)
    if (r.name == name && r.gradient_of == gradient_of && r.module == module) return &r;
  return nullptr;
}

struct Block {
  nn::Linear in{8, 16}, out{16, 8};
  Tensor operator()(const Tensor& x) const { return x + out(relu(in(x))); }
};
struct Net {
  std::vector<Block> blocks{Block{}, Block{}};
  nn::Linear head{8, 4};
  Tensor operator()(Tensor x) const {
    for (const Block& b : blocks) x = b(x);
    return head(x);
  }
};

TEST(Profile, CountsCallsBytesAndOperations) {
  const Tensor a = ones({32, 16}), b = ones({16, 8});
  const Profile p = profile([&] {
    for (int i = 0; i < 3; ++i) matmul(a, b);
    relu(a);
  });
  const auto rows = p.rows();
  const ProfileRow* product = find_row(rows, "matmul");
  ASSERT_TRUE(product);
  EXPECT_EQ(product->calls, 3);
  EXPECT_EQ(product->bytes, 3 * 4 * (32 * 16 + 16 * 8 + 32 * 8));
  EXPECT_EQ(product->flops, 3.0 * 2 * 32 * 16 * 8);
  const ProfileRow* activation = find_row(rows, "relu");
  ASSERT_TRUE(activation);
  EXPECT_EQ(activation->bytes, 2 * 4 * 32 * 16);
  EXPECT_EQ(activation->flops, 32 * 16);
}

TEST(Profile, CountsElementsThatRepeatOnceAndViewsNotAtAll) {
  const Tensor x = ones({4, 1});
  const Profile p = profile([&] { clone(expand(x, {4, 100})); });
  EXPECT_EQ(find_row(p.rows(), "expand")->bytes, 0);
  EXPECT_EQ(find_row(p.rows(), "clone")->bytes, 4 * 4 + 4 * 400);
}

TEST(Profile, KnowsTheOperationsOfContractions) {
  const Tensor x = ones({2, 3, 8, 8}), w = ones({5, 3, 3, 3}).requires_grad_();
  const Tensor q = ones({2, 4, 6, 8}), steps = ones({7, 2, 4 * 3}), hh = ones({4 * 3, 3});
  const Profile p = profile([&] {
    sum(conv2d(x, w, {}, {.padding = 1})).backward();
    scaled_dot_product_attention(q, q, q);
    scaled_dot_product_attention(q, q, q, {.is_causal = true});
    lstm_sequence(steps, hh);
  });
  const double of_conv = 2.0 * 2 * 5 * 8 * 8 * 3 * 3 * 3;
  EXPECT_EQ(find_row(p.rows(), "conv")->flops, of_conv);
  EXPECT_EQ(find_row(p.rows(), "conv_dw", "conv")->flops, of_conv);
  EXPECT_EQ(find_row(p.rows(), "scaled_dot_product_attention")->flops,
            2.0 * 4 * 2 * 2 * 8 * (6 * 6 + 6 * 7 / 2));
  EXPECT_EQ(find_row(p.rows(), "lstm_sequence")->flops, 2.0 * 7 * 2 * 12 * 3);
}

TEST(Profile, TimesAddUpToNoMoreThanTheWall) {
  const Net net;
  optim::Adam opt(parameters(net), {});
  const Tensor x = ones({16, 8});
  const Profile p = profile([&] {
    for (int i = 0; i < 5; ++i) opt.step(mean(square(net(x))));
  });
  double sum = 0;
  for (const ProfileRow& r : p.rows()) sum += r.seconds;
  EXPECT_EQ(p.threads(), 1);
  EXPECT_LE(sum, p.seconds() * 1.000001);
  EXPECT_GT(sum, 0.5 * p.seconds());
}

TEST(Profile, NamesModulesAndWhoseGradientItIs) {
  const Net net;
  const auto params = parameters(net);
  const Tensor x = ones({16, 8});
  const Profile p = profile([&] { sum(net(x)).backward(); });
  const auto rows = p.rows(ProfileBy::kOpAndModule);
  for (const char* module : {"blocks.0.in", "blocks.0.out", "blocks.1.in", "head"}) {
    const ProfileRow* forward = find_row(rows, "linear", "", module);
    ASSERT_TRUE(forward) << module;
    EXPECT_EQ(forward->calls, 1);
    EXPECT_TRUE(find_row(rows, "matmul", "linear", module)) << module;
  }
  // Between two layers, ops belong to the module that both are in.
  EXPECT_TRUE(find_row(rows, "relu", "", "blocks.0"));
  EXPECT_TRUE(find_row(rows, "relu_grad", "relu", "blocks.1"));
  EXPECT_TRUE(find_row(rows, "add", "", "blocks"));
  EXPECT_TRUE(find_row(rows, "sum", "", ""));
}

TEST(Profile, ByModuleAPartCountsForTheWhole) {
  const Net net;
  const auto params = parameters(net);
  const Profile p = profile([&] { sum(net(ones({16, 8}))).backward(); });
  std::map<std::string, ProfileRow> modules;
  std::vector<std::string> order;
  for (const ProfileRow& r : p.rows(ProfileBy::kModule)) {
    modules[r.module] = r;
    order.push_back(r.module);
  }
  const ProfileRow &all = modules["blocks"], &first = modules["blocks.0"],
                   &part = modules["blocks.0.in"];
  EXPECT_GT(all.seconds, first.seconds);
  EXPECT_GT(first.seconds, part.seconds);
  EXPECT_GT(part.backward_seconds, 0);
  EXPECT_LT(part.backward_seconds, part.seconds);
  EXPECT_GE(all.flops, first.flops + modules["blocks.1"].flops);
  const auto at = [&](const char* m) { return std::find(order.begin(), order.end(), m); };
  EXPECT_LT(at("blocks"), at("blocks.0"));
  EXPECT_LT(at("blocks.0.in"), at("blocks.1"));
}

TEST(Profile, TellsTheModuleOfGradientsWhoseForwardItHasNotSeen) {
  const Net net;
  const auto params = parameters(net);
  const Tensor loss = sum(net(ones({16, 8})));
  const Profile p = profile([&] { loss.backward(); });
  EXPECT_TRUE(find_row(p.rows(ProfileBy::kOpAndModule), "matmul", "linear", "blocks.1.in"));
}

TEST(Profile, NamesAttentionAndItsParts) {
  struct Model {
    nn::MultiheadAttention attn{8, 2};
    nn::LSTM rnn{8, 8};
  };
  const Model net;
  const auto params = parameters(net);
  const Tensor x = ones({3, 2, 8});
  const Profile p = profile([&] {
    net.attn(x, x, x);
    net.rnn(x);
  });
  const auto rows = p.rows(ProfileBy::kOpAndModule);
  EXPECT_TRUE(find_row(rows, "linear", "", "attn"));
  EXPECT_TRUE(find_row(rows, "linear", "", "attn.out_proj"));
  EXPECT_TRUE(find_row(rows, "lstm_sequence", "", "rnn"));
}

TEST(Profile, SeesOptimisersAsRangesAndSteps) {
  const Net net;
  optim::Adam opt(parameters(net), {});
  const Profile p = profile([&] { opt.step(sum(net(ones({16, 8})))); });
  const auto rows = p.rows(ProfileBy::kOpAndModule);
  EXPECT_TRUE(find_row(rows, "Adam.step"));
  EXPECT_TRUE(find_row(rows, "adam_step", "", "(Adam)"));
}

TEST(Profile, SeesTheInstructionsOfCompiledPlans) {
  const Net net;
  optim::SGD opt(parameters(net), {.lr = 0.01});
  const auto step = compile([&](const Tensor& x) {
    const Tensor loss = mean(square(tanh(net(x)) * 2.0 + 1.0));
    opt.step(loss);
    return loss;
  });
  const Tensor x = ones({16, 8});
  for (int i = 0; i < 3; ++i) step(x);
  ASSERT_GT(step.stats().planned_runs, 0);
  const Profile p = profile([&] {
    for (int i = 0; i < 4; ++i) step(x);
  });
  const auto rows = p.rows(ProfileBy::kOpAndModule);
  ASSERT_TRUE(find_row(rows, "compiled plan"));
  EXPECT_EQ(find_row(rows, "compiled plan")->calls, 4);
  const ProfileRow* linear = find_row(rows, "linear", "", "blocks.0.in");
  ASSERT_TRUE(linear) << p.table({.by = ProfileBy::kOpAndModule});
  EXPECT_EQ(linear->calls, 4);
  EXPECT_EQ(linear->flops, 4.0 * 16 * 16 * (2 * 8 + 1));
  bool has_fused = false, has_gradient = false;
  for (const ProfileRow& r : rows) {
    has_fused |= r.name.starts_with("fused(") && r.flops > 0 && r.bytes > 0;
    has_gradient |= r.gradient_of == "linear" && r.module == "blocks.0.in";
  }
  EXPECT_TRUE(has_fused);
  EXPECT_TRUE(has_gradient);
}

TEST(Profile, SeesSessions) {
  const Graph g;
  const GraphScope scope(g);
  const Tensor x = placeholder(float32, {2, 2}, "x");
  const Tensor y = matmul(x, x);
  Session session(g);
  const Profile p = profile([&] {
    matmul(x, x);  // written down, not run
    session.run({y}, {{x, ones({2, 2})}});
  });
  EXPECT_EQ(find_row(p.rows(), "matmul")->calls, 1);
}

TEST(Profile, SeesDataLoading) {
  const data::TensorDataset set(ones({8, 3}), ones({8}));
  data::DataLoader loader(set, {.batch_size = 4});
  const Profile p = profile([&] {
    for (auto [x, y] : loader) relu(x);
  });
  EXPECT_EQ(find_row(p.rows(), "data")->calls, 2);
}

TEST(Profile, KeepsThreadsApart) {
  const Tensor x = ones({64, 64});
  constexpr int kThreads = 4, kCalls = 50;
  const Profile p = profile([&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < kCalls; ++i) relu(x);
      });
    for (std::thread& t : threads) t.join();
    relu(x);
  });
  EXPECT_EQ(p.threads(), kThreads + 1);
  EXPECT_EQ(find_row(p.rows(), "relu")->calls, kThreads * kCalls + 1);
  std::map<uint32_t, int> calls;
  for (const ProfileEvent& e : p.events()) ++calls[e.thread];
  EXPECT_EQ(calls[0], 1);
  for (uint32_t t = 1; t <= kThreads; ++t) EXPECT_EQ(calls[t], kCalls);
}

TEST(Profile, MayBeStartedAndStoppedWhileOthersWork) {
  const Tensor x = ones({4});
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) relu(relu(x));
  });
  for (int i = 0; i < 50; ++i) {
    const Profile p = profile([&] { relu(x); });
    for (const ProfileEvent& e : p.events()) ASSERT_LE(e.self_ns, e.duration_ns);
  }
  stop = true;
  other.join();
}

TEST(Profile, OneAtATimeAndOffAfterAnException) {
  const Profiler outer;
  EXPECT_TRUE(Profiler::is_running());
  EXPECT_THROW(profile([] {}), Error);
  EXPECT_TRUE(Profiler::is_running());
}

TEST(Profile, IsOffAfterAnException) {
  EXPECT_THROW(profile([] { throw std::runtime_error("user"); }), std::runtime_error);
  EXPECT_FALSE(Profiler::is_running());
  const Profile p = profile([] { EXPECT_THROW(matmul(ones({2, 3}), ones({2, 3})), Error); });
  EXPECT_EQ(find_row(p.rows(), "matmul")->calls, 1);
  Profiler once;
  once.stop();
  EXPECT_THROW(once.stop(), Error);
}

TEST(Profile, RangesNestAndTakeTheirOwnTimeOnly) {
  const Profile p = profile([&] {
    const auto outer = profile_range("outer");
    for (int i = 0; i < 2; ++i) {
      const auto inner = profile_range("inner");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  const auto rows = p.rows();
  EXPECT_EQ(find_row(rows, "inner")->calls, 2);
  EXPECT_GE(find_row(rows, "inner")->seconds, 0.004);
  EXPECT_GE(find_row(rows, "outer")->total_seconds, 0.004);
  EXPECT_LT(find_row(rows, "outer")->seconds, 0.002);
}

TEST(Profile, EndsRecordingAtItsLimitAndSaysSo) {
  const Tensor x = ones({2});
  const Profile p = profile(
      [&] {
        for (int i = 0; i < 10; ++i) relu(x);
      },
      {.max_events = 4});
  EXPECT_EQ(p.events().size(), 4u);
  EXPECT_TRUE(p.is_full());
  EXPECT_NE(p.table().find("max_events"), std::string::npos);
}

TEST(Profile, TraceIsJsonWhoseEventsNest) {
  const Net net;
  optim::Adam opt(parameters(net), {});
  const Profile p = profile(
      [&] {
        const auto range = profile_range("a \"quoted\"\n range");
        opt.step(sum(net(ones({16, 8}))));
      },
      {.shapes = true, .memory = true});
  const auto path = std::filesystem::temp_directory_path() / "rush_profile_test.json";
  p.write_trace(path.string());
  const auto trace = nlohmann::json::parse(read_file("test", path.string()));
  std::filesystem::remove(path);
  std::vector<double> ends;
  size_t complete = 0, counters = 0;
  double last = 0;
  bool has_operands = false;
  for (const auto& e : trace["traceEvents"]) {
    counters += e["ph"] == "C";
    if (e["ph"] != "X") continue;
    ++complete;
    const double begin = e["ts"], end = begin + e["dur"].get<double>();
    EXPECT_GE(begin, last);
    last = begin;
    constexpr double kRounding = 1e-6;
    while (!ends.empty() && ends.back() <= begin + kRounding) ends.pop_back();
    if (!ends.empty()) {
      EXPECT_LE(end, ends.back() + kRounding) << e.dump();
    }
    ends.push_back(end);
    has_operands |= e["args"].contains("operands") && e["args"]["operands"].get<std::string>().find(
                                                          "float32[16, 8]") != std::string::npos;
  }
  EXPECT_EQ(complete, p.events().size());
  EXPECT_GT(counters, 0u);
  EXPECT_TRUE(has_operands);
}

TEST(Profile, NotesMemoryWhenAsked) {
  const Tensor x = ones({1000, 1000});
  Tensor y;
  const Profile p = profile([&] { y = relu(x); }, {.memory = true});
  const auto rows = p.rows();
  const ProfileRow* row = find_row(rows, "relu");
  EXPECT_GE(row->allocated, 4'000'000);
  EXPECT_GE(row->peak_memory, 8'000'000);
  EXPECT_NE(p.table().find("allocated MB"), std::string::npos);
}

TEST(Profile, CutsTheTreeOfModulesAtTheDepthThatFits) {
  const Net net;
  const auto params = parameters(net);
  const Profile p = profile([&] { net(ones({16, 8})); });
  const std::string table = p.table({.by = ProfileBy::kModule, .rows = 5});
  EXPECT_NE(table.find("blocks.1 "), std::string::npos) << table;
  EXPECT_EQ(table.find("blocks.1.in"), std::string::npos) << table;
  EXPECT_NE(table.find("4 deeper modules are not shown"), std::string::npos) << table;
}

TEST(Profile, TableShowsRowsSharesAndTotals) {
  const Net net;
  const auto params = parameters(net);
  const Profile p = profile([&] { sum(net(ones({16, 8}))).backward(); });
  const std::string by_op = p.table({.rows = 5});
  for (const char* part : {"op ", "GFLOP/s", "more)", "(outside)", " ops: "})
    EXPECT_NE(by_op.find(part), std::string::npos) << part << "\n" << by_op;
  EXPECT_NE(p.table().find("d(linear): matmul"), std::string::npos);
  EXPECT_NE(p.table({.by = ProfileBy::kModule}).find("blocks.1.out"), std::string::npos);
  EXPECT_NE(p.table({.sort = ProfileSort::kName}).find("add"), std::string::npos);
  EXPECT_FALSE(Profile().table().empty());
}

TEST(Origin, BetweenTwoModulesIsTheInnermostCommonOne) {
  const auto common = [](const char* a, const char* b) {
    return origin_of(common_origin(intern_origin(a), intern_origin(b))).module;
  };
  EXPECT_EQ(common("blocks.0.in", "blocks.0.out"), "blocks.0");
  EXPECT_EQ(common("blocks.1", "blocks.10"), "blocks");
  EXPECT_EQ(common("blocks.1", "blocks.1.in"), "blocks.1");
  EXPECT_EQ(common("a", "b"), "");
  EXPECT_EQ(common("", "b"), "");
}

}  // namespace
}  // namespace rush
