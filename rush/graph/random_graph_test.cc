// Random functions, traced and run as plans with passes off and on: what eager gives, bit by bit
// where a pass claims it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "rush/graph/passes/passes.h"
#include "rush/graph/plan.h"
#include "rush/graph/testing/build_program.h"
#include "rush/graph/testing/random_function.h"
#include "rush/graph/tracer.h"

namespace rush::graph {
namespace {

using testing::RandomFunction;
using Bytes = std::vector<std::vector<char>>;

// What a run gives and leaves in the states, which get their values back.
template <typename F>
Bytes outcome(const RandomFunction& f, F&& run) {
  std::vector<std::vector<char>> before;
  for (const Tensor& s : f.states()) before.push_back(testing::bytes_of(s));
  manual_seed(7);
  Bytes all;
  for (const Tensor& t : run()) all.push_back(testing::bytes_of(t));
  for (size_t k = 0; k < before.size(); ++k) {
    const Tensor s = f.states()[k];
    all.push_back(testing::bytes_of(s));
    std::memcpy(s.raw(), before[k].data(), before[k].size());
  }
  return all;
}

struct Variant {
  const char* name;
  void (*apply)(Program&);
  bool is_exact = true;
};

void none(Program&) {}
void all_exact(Program& p) { run_passes(p, {.exact = true, .verify = true}); }
void all(Program& p) { run_passes(p, {.verify = true}); }
void assemble(Program& p) {
  assemble_parts(p);
  verify(p, "assemble_parts");
  simplify(p);
}
void join(Program& p) {
  rename_overwrites(p);
  join_products(p);
}
const Variant kVariants[] = {
    {"no pass", none},
    {"rename_overwrites", rename_overwrites},
    {"prune", prune},
    {"fold_constants", fold_constants},
    {"merge_common", merge_common},
    {"simplify", simplify},
    {"assemble_parts", assemble, false},
    {"join_products", join, false},
    {"all exact passes", all_exact},
    {"all passes", all, false},
};

class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed) : seed_(seed) {
    manual_seed(seed);
    f_ = std::make_unique<RandomFunction>(seed);
    for (int k = 0; k < 2; ++k) {
      auto& args = inputs_.emplace_back();
      for (const Shape& s : f_->arguments) args.push_back(RandomFunction::fresh(s));
    }
  }

  // Whether the function could be traced at all: some break rules about in-place writes.
  bool check() {
    try {
      for (const auto& args : inputs_)
        expected_.push_back(outcome(*f_, [&] { return (*f_)(args); }));
    } catch (const Error&) {
      for (const Tensor& p : f_->params) p.set_grad(Tensor());
      return false;
    }
    Program traced;
    outcome(*f_, [&] {
      std::vector<Tensor> results;
      Trace t = trace([this](const auto& args) { return (*f_)(args); }, inputs_[0], results);
      traced = std::move(t.program);
      return results;
    });
    for (const Variant& v : kVariants) compare(traced, v);
    return true;
  }

 private:
  void compare(const Program& traced, const Variant& v) {
    Program program = traced;
    try {
      v.apply(program);
      verify(program, v.name);
      Plan plan(program);
      for (size_t k = 0; k < inputs_.size(); ++k) {
        const Bytes got = outcome(*f_, [&] {
          std::vector<Tensor> results;
          plan.run(inputs_[k], results);
          return results;
        });
        const bool fits = v.is_exact ? got == expected_[k] : testing::is_close(got, expected_[k]);
        if (!fits) return report(traced, program, v, "other values than eager");
      }
    } catch (const std::exception& e) {
      report(traced, program, v, e.what());
    }
  }
  void report(const Program& traced, const Program& program, const Variant& v, const char* what) {
    ADD_FAILURE() << "seed " << seed_ << ", " << v.name << ": " << what << "\n"
                  << to_text(program) << "traced as\n"
                  << to_text(traced);
  }

  uint64_t seed_;
  std::unique_ptr<RandomFunction> f_;
  std::vector<std::vector<Tensor>> inputs_;
  std::vector<Bytes> expected_;
};

TEST(RandomGraphs, GiveWhatEagerGivesAfterEveryPass) {
  const char* asked = std::getenv("RUSH_RANDOM_GRAPHS");  // more, for a longer search
  const int functions = asked ? std::atoi(asked) : 2000;
  int checked = 0;
  for (int seed = 0; seed < functions && !HasFailure(); ++seed)
    checked += RandomGraph(seed).check();
  EXPECT_GT(checked, functions * 3 / 4);
}

}  // namespace
}  // namespace rush::graph
