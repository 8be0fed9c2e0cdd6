#include "bench/onednn_calls.h"

#if RUSH_BENCH_ONEDNN
#include <algorithm>

namespace rush::bench {
namespace {

using dnnl::memory;

constexpr auto kF32 = memory::data_type::f32;

}  // namespace

dnnl::engine& onednn_engine() {
  static dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}

// Written once: pages never written would all be the one page of zeros, which no cache misses.
memory fresh(const memory::desc& d) {
  memory m(d, onednn_engine());
  auto* values = static_cast<float*>(m.get_data_handle());
  std::fill_n(values, d.get_size() / sizeof(float), 0.25f);
  return m;
}

Work onednn_product(const memory::desc& a, const memory::desc& b, const memory::desc& c) {
  const dnnl::matmul::primitive_desc d(onednn_engine(), a, b, c);
  Prepared p{dnnl::matmul(d),
             {{DNNL_ARG_SRC, fresh(a)}, {DNNL_ARG_WEIGHTS, fresh(b)}, {DNNL_ARG_DST, fresh(c)}}};
  return [p]() mutable { p(); };
}

Work onednn_matmul(int64_t batch, int64_t m, int64_t n, int64_t k, Tag b_tag) {
  return onednn_product(memory::desc({batch, m, k}, kF32, Tag::abc),
                        memory::desc({batch, k, n}, kF32, b_tag),
                        memory::desc({batch, m, n}, kF32, Tag::abc));
}

Work onednn_conv(const ConvShape& s, Pass pass) {
  const bool grouped = s.groups > 1;
  const memory::dims wd =
      grouped ? memory::dims{s.groups, s.o / s.groups, s.c / s.groups, s.kernel, s.kernel}
              : memory::dims{s.o, s.c, s.kernel, s.kernel};
  const memory::desc x({s.n, s.c, s.size, s.size}, kF32, Tag::nhwc), w(wd, kF32, Tag::any),
      y({s.n, s.o, s.out(), s.out()}, kF32, Tag::nhwc), no_bias;
  const memory::dims stride{s.stride, s.stride}, pad{s.padding, s.padding}, dilation{0, 0};
  const auto direct = dnnl::algorithm::convolution_direct;
  const dnnl::convolution_forward::primitive_desc f(onednn_engine(),
                                                    dnnl::prop_kind::forward_training, direct, x, w,
                                                    no_bias, y, stride, dilation, pad, pad);
  if (pass == kForward) {
    Prepared p{dnnl::convolution_forward(f),
               {{DNNL_ARG_SRC, fresh(x)},
                {DNNL_ARG_WEIGHTS, fresh(f.weights_desc())},
                {DNNL_ARG_DST, fresh(y)}}};
    return [p]() mutable { p(); };
  }
  if (pass == kData) {
    const dnnl::convolution_backward_data::primitive_desc d(onednn_engine(), direct, x, w, y,
                                                            stride, dilation, pad, pad, f);
    Prepared p{dnnl::convolution_backward_data(d),
               {{DNNL_ARG_DIFF_SRC, fresh(x)},
                {DNNL_ARG_WEIGHTS, fresh(d.weights_desc())},
                {DNNL_ARG_DIFF_DST, fresh(y)}}};
    return [p]() mutable { p(); };
  }
  const dnnl::convolution_backward_weights::primitive_desc d(onednn_engine(), direct, x, w, no_bias,
                                                             y, stride, dilation, pad, pad, f);
  Prepared p{dnnl::convolution_backward_weights(d),
             {{DNNL_ARG_SRC, fresh(x)},
              {DNNL_ARG_DIFF_WEIGHTS, fresh(d.diff_weights_desc())},
              {DNNL_ARG_DIFF_DST, fresh(y)}}};
  return [p]() mutable { p(); };
}

}  // namespace rush::bench
#endif
