// What the system counts of this process: resident memory now and at its peak, in bytes.
#pragma once

#include <cstdint>

namespace rush::bench {

struct ResidentMemory {
  int64_t now = 0, peak = 0;  // 0 where the system does not tell
};

ResidentMemory resident_memory();
// The peak becomes what is resident now, where the system allows it.
void reset_resident_peak();

}  // namespace rush::bench
