// oneDNN's own calls, to hold ours against: primitives made beforehand, with weights already in its
// blocked format where it wants one, and memory allocated. Only where oneDNN is part of the build.
#pragma once

#if RUSH_BENCH_ONEDNN  // the build says so
#include <cstdint>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

namespace rush::bench {

using Work = std::function<void()>;
using Tag = dnnl::memory::format_tag;

dnnl::engine& onednn_engine();

// A primitive with its arguments, ready to be run again and again.
struct Prepared {
  dnnl::primitive primitive;
  std::unordered_map<int, dnnl::memory> args;
  dnnl::stream stream{onednn_engine()};
  void operator()() {
    primitive.execute(stream, args);
    stream.wait();
  }
};

// Written once: pages never written would all be the one page of zeros, which no cache misses.
dnnl::memory fresh(const dnnl::memory::desc& d);

// float32: [batch, m, k] x [batch, k, n]
Work onednn_matmul(int64_t batch, int64_t m, int64_t n, int64_t k, Tag b_tag);
// float32: a product of two matrices with the given layouts.
Work onednn_product(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                    const dnnl::memory::desc& c);

// A convolution of square images and kernels.
struct ConvShape {
  const char* name;
  int64_t n, c, size, o, kernel, stride, padding, groups = 1;
  int64_t out() const { return (size + 2 * padding - kernel) / stride + 1; }
  double multiply_adds() const {
    return static_cast<double>(n * out() * out() * o * (c / groups)) *
           static_cast<double>(kernel * kernel);
  }
};

enum Pass { kForward, kData, kWeights };

// Channels-last, float32.
Work onednn_conv(const ConvShape& s, Pass pass);

}  // namespace rush::bench
#endif
