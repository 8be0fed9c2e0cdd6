#include "rush/kernels/processor.h"

#include <fstream>

namespace rush::kernels {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  const std::string wanted = "model name";
  for (std::string text; std::getline(file, text);)
    if (text.compare(0, wanted.size(), wanted) == 0 && text.find(": ") != std::string::npos)
      return text.substr(text.find(": ") + 2);
  return "unknown";
}

std::string processor_features() {
  std::string list;
#if defined(__x86_64__)
  const auto add = [&](bool has, const char* name) {
    if (has) list += std::string(list.empty() ? "" : " ") + name;
  };
  __builtin_cpu_init();
  add(__builtin_cpu_supports("sse4.2"), "sse4.2");
  add(__builtin_cpu_supports("avx"), "avx");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  std::ifstream file("/proc/cpuinfo");  // what the compiler cannot ask for
  for (std::string word; file >> word;)
    if (word == "amx_bf16") {
      add(true, "amx_bf16");
      break;
    }
#endif
  return list.empty() ? "not known for this processor" : list;
}

}  // namespace rush::kernels
