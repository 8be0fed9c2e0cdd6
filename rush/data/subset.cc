#include "rush/data/subset.h"

namespace rush::data {

std::vector<int64_t> shuffled_rows(int64_t n, uint64_t seed) {
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  Random random(seed);
  for (int64_t i = n - 1; i > 0; --i) std::swap(rows[i], rows[random.below(i + 1)]);
  return rows;
}

}  // namespace rush::data
