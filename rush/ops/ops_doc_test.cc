// docs/ops.md says what the records say. RUSH_UPDATE_DOCS=1 writes it anew.
#include "rush/ops/cases/ops_doc.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rush::testing {
namespace {

TEST(OpsPage, IsFresh) {
  const std::string path = RUSH_SOURCE_DIR "/docs/ops.md", page = ops_page();
  if (std::getenv("RUSH_UPDATE_DOCS")) std::ofstream(path) << page;
  std::ostringstream found;
  found << std::ifstream(path).rdbuf();
  EXPECT_TRUE(found.str() == page) << path << " is not what the records say; run `make docs`";
}

}  // namespace
}  // namespace rush::testing
