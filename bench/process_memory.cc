#include "bench/process_memory.h"

#include <fstream>
#include <sstream>
#include <string>

namespace rush::bench {

ResidentMemory resident_memory() {
  constexpr int64_t kKiB = 1024;
  ResidentMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t kib = 0;
    words >> name >> kib;
    if (name == "VmRSS:") memory.now = kib * kKiB;
    if (name == "VmHWM:") memory.peak = kib * kKiB;
  }
  return memory;
}

void reset_resident_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace rush::bench
