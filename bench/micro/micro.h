// What the micro benchmarks share: a memory bandwidth to compare with.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace rush::bench {

// Bytes read and written a second by a memcpy, spread over our threads, that moves `bytes` in all.
// Measured once for each size.
double copy_bandwidth(int64_t bytes);

// Counts `bytes` for each iteration: bytes_per_second, and as a share of that copy "of_copy".
void report_bytes(benchmark::State& state, int64_t bytes);
// GFLOP/s of `multiply_adds` for each iteration.
void report_products(benchmark::State& state, double multiply_adds);

}  // namespace rush::bench
