// What this machine can do: GFLOP/s of large matrix products in float32 and bfloat16, the best of
// our own and oneDNN's with weights in its blocked format. A bound for steps that consist of
// products. Prints one JSON line: {"float32": ..., "bfloat16": ...}.
//
//   peak_bench [--threads N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "bench/onednn_calls.h"
#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"

namespace {

using namespace rush;
using Work = std::function<void()>;

constexpr int64_t kSize = 2048;

double gflops(const Work& product) {
  constexpr int kTries = 6;
  double least = 1e9;
  product();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    product();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    least = std::min(least, took.count());
  }
  return 2e-9 * kSize * kSize * kSize / least;
}

Work our_product(DType dtype) {
  const Tensor a = full({kSize, kSize}, 0.5).to(dtype), b = full({kSize, kSize}, 0.25).to(dtype);
  return [a, b] { matmul(a, b); };
}

#if RUSH_BENCH_ONEDNN
Work packed_product(dnnl::memory::data_type type) {
  using dnnl::memory;
  const memory::dims sizes{kSize, kSize};
  const memory::desc rows(sizes, type, bench::Tag::ab), packed(sizes, type, bench::Tag::any);
  const dnnl::matmul::primitive_desc made(bench::onednn_engine(), rows, packed, rows);
  bench::Prepared p{dnnl::matmul(made),
                    {{DNNL_ARG_SRC, bench::fresh(made.src_desc())},
                     {DNNL_ARG_WEIGHTS, bench::fresh(made.weights_desc())},
                     {DNNL_ARG_DST, bench::fresh(made.dst_desc())}}};
  return [p]() mutable { p(); };
}
#endif

double peak(DType dtype) {
  double best = gflops(our_product(dtype));
#if RUSH_BENCH_ONEDNN
  const auto type = dtype == float32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
  try {
    best = std::max(best, gflops(packed_product(type)));
  } catch (const dnnl::error&) {
    // No such product on this processor: ours is the measure then.
  }
#endif
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && !std::strcmp(argv[1], "--threads"))
    set_num_threads(std::max(1, std::atoi(argv[2])));
  const NoGrad no_grad;
  const double full = peak(float32), half = peak(bfloat16);
  std::printf("{\"float32\": %.1f, \"bfloat16\": %.1f}\n", full, half);
}
