#include "rush/kernels/cpu/onednn/matmul.h"

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/onednn/primitives.h"
#include "rush/kernels/cpu/onednn/threads.h"
#include "rush/kernels/cpu/scratch.h"

namespace rush::kernels::cpu::onednn {
namespace {

using dnnl::memory;

struct Key {
  MatmulShape shape;
  int64_t has_bias, dtype, threads;
};

struct Ready {
  dnnl::primitive primitive;
  memory a, b, bias, c, scratchpad;
  int64_t scratchpad_bytes = 0;
  dnnl_exec_arg_t args[5];
  int arg_count = 0;
};

std::unique_ptr<Ready> make(const Key& key) {
  const MatmulShape& s = key.shape;
  const auto type = static_cast<DType>(key.dtype) == DType::kBFloat16 ? memory::data_type::bf16
                                                                      : memory::data_type::f32;
  const memory::desc a({s.batch, s.m, s.k}, type, memory::dims{s.a_batch, s.a_row, s.a_col});
  const memory::desc b({s.batch, s.k, s.n}, type, memory::dims{s.b_batch, s.b_row, s.b_col});
  const memory::desc c({s.batch, s.m, s.n}, type, memory::dims{s.c_batch, s.c_row, 1});
  memory::desc bias;
  if (key.has_bias) bias = {{1, 1, s.n}, type, memory::dims{s.n, s.n, 1}};
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::matmul::primitive_desc d(engine(), a, b, bias, c, attr, true);
  if (!d) return nullptr;
  auto r = std::make_unique<Ready>();
  r->primitive = dnnl::matmul(d);
  const auto add = [&](int name, memory& m, const memory::desc& desc) {
    m = memory(desc, engine(), DNNL_MEMORY_NONE);
    r->args[r->arg_count++] = {name, m.get()};
  };
  add(DNNL_ARG_SRC, r->a, a);
  add(DNNL_ARG_WEIGHTS, r->b, b);
  add(DNNL_ARG_DST, r->c, c);
  add(DNNL_ARG_SCRATCHPAD, r->scratchpad, d.scratchpad_desc());
  if (key.has_bias) add(DNNL_ARG_BIAS, r->bias, bias);
  r->scratchpad_bytes = static_cast<int64_t>(d.scratchpad_desc().get_size());
  return r;
}

// Adjacent rows or adjacent columns, no overlap: what oneDNN reads without a copy of its own.
bool is_lines(int64_t rows, int64_t cols, int64_t row, int64_t col) {
  return (col == 1 && row >= cols) || (row == 1 && col >= rows);
}

}  // namespace

bool matmul(const MatmulShape& s, DType dtype, const void* a, const void* b, const void* bias,
            void* c) {
  if (!is_lines(s.m, s.k, s.a_row, s.a_col) || !is_lines(s.k, s.n, s.b_row, s.b_col)) return false;
  const bool serial =
      s.batch * s.m * s.n * s.k <= kSerialWork || in_parallel() || is_deterministic();
  const SingleThread scope(serial);
  thread_local PrimitiveCache<Key, Ready> cache;
  const Key key{s, bias != nullptr, static_cast<int64_t>(dtype), current_threads()};
  Ready* r = cache.find(key, make);
  if (!r) return false;
  const Scratch<std::byte> scratchpad(r->scratchpad_bytes);
  point(r->a, a);
  point(r->b, b);
  point(r->c, c);
  point(r->scratchpad, scratchpad.data());
  if (bias) point(r->bias, bias);
  run(r->primitive, r->arg_count, r->args);
  return true;
}

bool has_bfloat16() {
  static const bool has = [] {
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto want = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
    return (isa & want) == want;
  }();
  return has;
}

}  // namespace rush::kernels::cpu::onednn
