// docs/ops.md, made from the op records.
#pragma once

#include <string>

namespace rush::testing {

// The whole page. The family of an op is that of its row.
std::string ops_page();

}  // namespace rush::testing
