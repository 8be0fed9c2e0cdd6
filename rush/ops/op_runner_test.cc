// One test per row of the op cases: everything that must hold for every op is checked here. What is
// checked, and how, is in cases/check*.cc.
#include <gtest/gtest.h>

#include <cctype>
#include <set>

#include "rush/ops/cases/check.h"

namespace rush::testing {
namespace {

class OpRow : public ::testing::TestWithParam<size_t> {};

TEST_P(OpRow, Holds) {
  const OpCase& row = all_cases().cases()[GetParam()];
  if (!can_run(row)) GTEST_SKIP() << "this build lacks a library for it";
  Report report;
  for (auto check : {check_values, check_body, check_gradients, check_layouts, check_deferred,
                     check_tape, check_memory, check_threads, check_misuse})
    check(row, report);
  for (const std::string& problem : report.problems())
    ADD_FAILURE() << row.op << " (" << row.label << "): " << problem;
}

// Letters and digits only, and different for every row.
std::string test_name(const ::testing::TestParamInfo<size_t>& info) {
  const OpCase& row = all_cases().cases()[info.param];
  std::string name;
  for (char c : row.op + (row.label.empty() ? "" : "_" + row.label))
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, OpRow, ::testing::Range<size_t>(0, all_cases().cases().size()),
                         test_name);

TEST(OpCases, CoverEveryRecord) {
  std::set<std::string> covered;
  for (const OpCase& row : all_cases().cases()) covered.insert(row.op);
  for (const Op* op : all_ops()) EXPECT_TRUE(covered.count(op->name)) << op->name << " has no row";
}

TEST(OpCases, NameOpsThatExist) {
  for (const OpCase& row : all_cases().cases())
    EXPECT_EQ(find_op(row.op) != nullptr, !row.is_formula()) << row.op;
}

TEST(OpCases, SayWhatPyTorchWouldWrite) {
  for (const OpCase& row : all_cases().cases())
    EXPECT_NE(row.torch.empty(), row.no_torch.empty()) << row.op << " (" << row.label << ")";
}

TEST(OpCases, HaveDistinctLabels) {
  std::set<std::string> names;
  for (size_t i = 0; i < all_cases().cases().size(); ++i) {
    const OpCase& row = all_cases().cases()[i];
    EXPECT_TRUE(names.insert(test_name({i, i})).second) << row.op << " (" << row.label << ")";
  }
}

TEST(OpRecords, AreDocumented) {
  for (const Op* op : all_ops()) {
    EXPECT_FALSE(op->doc.empty()) << op->name;
    EXPECT_FALSE(op->doc.empty() || op->doc.back() != '.') << op->name << ": " << op->doc;
  }
}

}  // namespace
}  // namespace rush::testing
