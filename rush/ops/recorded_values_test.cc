// Rows without a naive twin against what PyTorch gave for the same inputs. `make parity` with
// PARITY_RECORD=<empty file> writes the values anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"

namespace rush::testing {
namespace {

// "3 2" -> [3, 2]; strtod knows inf and nan.
template <typename T>
std::vector<T> numbers(const std::string& text) {
  std::vector<T> all;
  std::istringstream in(text);
  for (std::string word; in >> word;)
    all.push_back(static_cast<T>(std::strtod(word.c_str(), nullptr)));
  return all;
}

std::map<std::string, Tensors> recorded() {
  std::map<std::string, Tensors> all;
  std::ifstream file(RUSH_SOURCE_DIR "/rush/ops/cases/recorded_values.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream parts(line);
    std::string name, shape, values;
    std::getline(parts, name, '\t');
    std::getline(parts, shape, '\t');
    std::getline(parts, values, '\t');
    all[name].push_back(Tensor::from(numbers<double>(values), Shape(numbers<int64_t>(shape))));
  }
  return all;
}

TEST(RecordedValues, AreWhatFormulasGive) {
  const std::map<std::string, Tensors> values = recorded();
  for (const OpCase& row : all_cases().cases()) {
    if (!row.recorded || !can_run(row)) continue;
    const auto found = values.find(row.full_name());
    if (found == values.end()) {
      ADD_FAILURE() << row.full_name() << " has no recorded values";
      continue;
    }
    try {
      const DType t = widest_claimed(record_of(row));
      const std::string text =
          difference(row.run(make_inputs(row, t)), found->second, 1e-10 * row.tolerance);
      EXPECT_EQ(text, "") << row.full_name();
    } catch (const std::exception& e) {
      ADD_FAILURE() << row.full_name() << " raised: " << e.what();
    }
  }
}

}  // namespace
}  // namespace rush::testing
