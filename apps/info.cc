// `rushlight info`: what this machine and this build offer, for bug reports and for curiosity.
#include <png.h>
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "commands.h"
#include "hwy/highway.h"
#include "rush/base/error.h"
#include "rush/base/threads.h"
#include "rush/data/folders.h"
#include "rush/kernels/lapack.h"
#include "rush/kernels/processor.h"
#include "rush/kernels/target.h"
#include "rush/tensor/allocator.h"
#include "rush/tensor/tensor.h"
#include "terminal.h"
#if RUSH_WITH_CURL
#include <curl/curl.h>
#endif

namespace rush::app {
namespace {

void line(const char* name, const std::string& value) {
  std::printf("%-12s%s\n", name, value.c_str());
}

std::string version(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

void libraries() {
  line("  products", kernels::contraction_library());
  line("  LAPACK", kernels::has_lapack() ? "yes" : "not in this build: no linear algebra");
  line("  Highway", version(HWY_MAJOR, HWY_MINOR, HWY_PATCH));
  line("  threads", RUSH_WITH_OPENMP ? "OpenMP" : "the standard library's");
  line("  zlib", zlibVersion());
  line("  libpng", png_get_libpng_ver(nullptr));
#if RUSH_WITH_CURL
  line("  libcurl", curl_version_info(CURLVERSION_NOW)->version);
#else
  line("  libcurl", "not in this build: no downloads");
#endif
  line("  json", version(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                         NLOHMANN_JSON_VERSION_PATCH));
}

std::string digits() {
  try {
    return data::digits_folder();
  } catch (const IoError& e) {
    return e.what();
  }
}

int run_info() {
  line("rushlight", RUSH_VERSION);
  line("compiler", __VERSION__);
  line("processor", kernels::processor_name());
  line("features", kernels::processor_features());
  line("vectors", std::string(kernels::vector_target()) + " is used");
  line("threads", std::to_string(num_threads()) + " of " +
                      std::to_string(std::thread::hardware_concurrency()));
  std::printf("libraries\n");
  libraries();
  const MemoryStats memory = memory_stats();
  line("memory", with_commas(memory.allocated) + " bytes in tensors, " + with_commas(memory.peak) +
                     " at most, " + with_commas(memory.cached) + " kept for reuse");
  line("digits", digits());
  line("downloads", data::cache_folder());
  return 0;
}

}  // namespace

Command info_command(CLI::App& app) {
  CLI::App* c = app.add_subcommand("info", "Show version, processor, libraries and memory");
  return {c, run_info};
}

}  // namespace rush::app
