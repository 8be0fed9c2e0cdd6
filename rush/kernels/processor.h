// What the processor of this machine is and can do, for reports.
#pragma once

#include <string>

namespace rush::kernels {

std::string processor_name();      // "Intel(R) Xeon(R) ...", or "unknown"
std::string processor_features();  // "avx2 fma avx512f": those that kernels care about

}  // namespace rush::kernels
