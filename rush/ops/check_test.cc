// The checks of the op rows can fail: each finds the flaw that a broken row brings in.
#include "rush/ops/cases/check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

OpCase sound_row() {
  OpCase row;
  row.op = "exp";
  row.in = {{{3, 4}}};
  row.run = [](const Tensors& in) { return Tensors{exp(in[0])}; };
  row.naive = naive_unary([](double x) { return std::exp(x); });
  return row;
}

std::string problems(void (*check)(const OpCase&, Report&), const OpCase& row) {
  Report report;
  check(row, report);
  std::string all;
  for (const std::string& p : report.problems()) all += p + "\n";
  return all;
}

void expect_found(void (*check)(const OpCase&, Report&), const OpCase& row, const char* what) {
  EXPECT_EQ(problems(check, sound_row()), "");
  const std::string found = problems(check, row);
  EXPECT_NE(found.find(what), std::string::npos) << "found: " << found;
}

TEST(OpChecks, FindAWrongValue) {
  OpCase row = sound_row();
  row.naive = naive_unary([](double x) { return std::exp(x) + 1e-9; });
  expect_found(check_values, row, "values in float64: output 0");
}

TEST(OpChecks, FindAWrongDtype) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) { return Tensors{exp(in[0]).to(float64)}; };
  expect_found(check_values, row, "gives float64 where float32 is right");
}

TEST(OpChecks, FindADtypeThatIsNotClaimed) {
  OpCase row = sound_row();
  row.op = "frac";  // floating only
  expect_found(check_values, row, "works, though the record does not claim it");
}

TEST(OpChecks, FindAWrongGradient) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) { return Tensors{exp(in[0]) + (in[0] - in[0].detach())}; };
  expect_found(check_gradients, row, "gradients: raised: gradcheck");
}

TEST(OpChecks, FindAWrongSecondGradient) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    const Tensor flat = in[0].detach();
    const Tensor slope = exp(flat);  // right at first order, constant at second
    return Tensors{slope + (in[0] - flat) * slope};
  };
  expect_found(check_gradients, row, "second gradients: raised: gradgradcheck");
}

TEST(OpChecks, FindARunThatIgnoresStrides) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    const bool is_block = in[0].has_data() && is_dense(in[0].shape(), in[0].strides());
    if (!is_block) return Tensors{exp(in[0])};
    const Tensor raw = Tensor::empty(in[0].shape(), in[0].dtype());
    std::copy_n(static_cast<const char*>(in[0].raw()), raw.numel() * size_of(raw.dtype()),
                static_cast<char*>(raw.raw()));
    return Tensors{exp(raw)};
  };
  row.gradient = false;
  expect_found(check_layouts, row, "transposed inputs in float64");
}

TEST(OpChecks, FindWhatDeferringChanges) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    return Tensors{in[0].has_data() ? exp(in[0]) : exp(in[0]) * 2};
  };
  expect_found(check_deferred, row, "bit by bit");
}

TEST(OpChecks, FindALeak) {
  static std::vector<Tensor> kept;
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    kept.push_back(exp(in[0]));
    return Tensors{kept.back()};
  };
  expect_found(check_memory, row, "bytes are not given back");
  kept.clear();
}

TEST(OpChecks, FindBitsThatDependOnTheThreadCount) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) { return Tensors{exp(in[0]) * (1 + 1e-6 * num_threads())}; };
  expect_found(check_threads, row, "2 threads");
}

TEST(OpChecks, FindAForeignException) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    if (in[0].defined() && in[0].rank() != 2) throw std::out_of_range("vector");
    return Tensors{exp(in[0])};
  };
  expect_found(check_misuse, row, "no rush::Error");
}

TEST(OpChecks, FindAnErrorThatSaysNothing) {
  OpCase row = sound_row();
  row.run = [](const Tensors& in) {
    if (in[0].defined() && in[0].rank() != 2) throw Error("bad");
    return Tensors{exp(in[0])};
  };
  expect_found(check_misuse, row, "does not read");
}

TEST(Difference, IsRelativeToLargeValuesAndAbsoluteNearZero) {
  const auto one = [](double v) { return Tensor::from(std::vector<double>{v, 1}); };
  EXPECT_EQ(difference(one(1e-6), one(0), 1e-5), "");
  EXPECT_NE(difference(one(1e-4), one(0), 1e-5), "");
  EXPECT_EQ(difference(one(1e6 + 5), one(1e6), 1e-5), "");
  EXPECT_NE(difference(one(1e6 + 50), one(1e6), 1e-5), "");
}

TEST(Difference, TreatsNanAndInfinityAsValues) {
  const auto one = [](double v) { return Tensor::from(std::vector<double>{v}); };
  EXPECT_EQ(difference(one(NAN), one(NAN), 1e-5), "");
  EXPECT_NE(difference(one(NAN), one(1), 1e-5), "");
  EXPECT_NE(difference(one(1), one(NAN), 1e-5), "");
  EXPECT_EQ(difference(one(INFINITY), one(INFINITY), 1e-5), "");
  EXPECT_NE(difference(one(INFINITY), one(-INFINITY), 1e-5), "");
  EXPECT_NE(difference(one(1e300), one(INFINITY), 1e-5), "");
  EXPECT_EQ(difference(one(INFINITY).to(float16), one(1e6), 1e-5), "");  // it overflows there
}

TEST(BitDifference, SeesTheLastBit) {
  const Tensor a = Tensor::from(std::vector<double>{1}), b = Tensor::from(std::vector<double>{1});
  EXPECT_EQ(bit_difference(a, b), "");
  b.data<double>()[0] = std::nextafter(1.0, 2.0);
  EXPECT_NE(bit_difference(a, b), "");
}

}  // namespace
}  // namespace rush::testing
