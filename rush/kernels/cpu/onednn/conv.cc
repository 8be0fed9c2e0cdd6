// Each thread keeps the primitives it has used, by geometry: a call that was seen before costs a
// look-up, pointers put into place, and the work itself. Activations are channels-last as they
// come; weights are brought into the blocked format that the primitive asks for.
#include "rush/kernels/cpu/onednn/conv.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/onednn/primitives.h"
#include "rush/kernels/cpu/onednn/threads.h"
#include "rush/kernels/cpu/scratch.h"

namespace rush::kernels::cpu::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Key {
  ConvGeometry geometry;
  Pass pass;
  int64_t has_bias, dtype, threads;
};

// A primitive ready to run: its arguments wait for pointers.
struct Ready {
  dnnl::primitive primitive, reorder;  // the reorder of weights may be absent
  memory x, w, w_user, bias, y, scratchpad;
  size_t w_bytes = 0, scratchpad_bytes = 0;
  dnnl_exec_arg_t args[5], reorder_args[2];
  int arg_count = 0;
};

// Dimensions as oneDNN wants them, with as many axes of space as the user has.
memory::dims spatial(const ConvGeometry& g, const int64_t (&v)[3]) {
  return {v + 3 - g.rank, v + 3};
}
memory::dims with(memory::dims head, const memory::dims& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

struct Descriptions {
  memory::desc x, w_any, w_user, bias, y;
  memory::dims strides, dilates, pad_front, pad_back;
};

Descriptions describe(const Key& k) {
  const ConvGeometry& g = k.geometry;
  const auto type = static_cast<DType>(k.dtype) == DType::kBFloat16 ? memory::data_type::bf16
                                                                    : memory::data_type::f32;
  constexpr Tag kLast[] = {Tag::nwc, Tag::nhwc, Tag::ndhwc};
  constexpr Tag kPlain[] = {Tag::oiw, Tag::oihw, Tag::oidhw};
  constexpr Tag kGrouped[] = {Tag::goiw, Tag::goihw, Tag::goidhw};
  const bool grouped = g.groups > 1;
  const memory::dims w = with(
      grouped ? memory::dims{g.groups, g.o / g.groups, g.c / g.groups} : memory::dims{g.o, g.c},
      spatial(g, g.kernel));
  Descriptions d;
  d.x = {with({g.n, g.c}, spatial(g, g.in)), type, kLast[g.rank - 1]};
  d.y = {with({g.n, g.o}, spatial(g, g.out)), type, kLast[g.rank - 1]};
  d.w_any = {w, type, Tag::any};
  d.w_user = {w, type, (grouped ? kGrouped : kPlain)[g.rank - 1]};
  if (k.has_bias) d.bias = {{g.o}, type, Tag::x};
  int64_t dilates[3], back[3];
  for (int i = 0; i < 3; ++i) {
    dilates[i] = g.dilation[i] - 1;
    back[i] =
        (g.out[i] - 1) * g.stride[i] + (g.kernel[i] - 1) * g.dilation[i] + 1 - g.in[i] - g.pad[i];
  }
  d.strides = spatial(g, g.stride);
  d.dilates = spatial(g, dilates);
  d.pad_front = spatial(g, g.pad);
  d.pad_back = spatial(g, back);
  return d;
}

void add_arg(Ready& r, int name, const memory& m) { r.args[r.arg_count++] = {name, m.get()}; }

void finish(Ready& r, const Descriptions& d, const memory::desc& w, const memory::desc& scratchpad,
            Pass pass) {
  dnnl::engine& e = engine();
  r.x = memory(d.x, e, DNNL_MEMORY_NONE);
  r.y = memory(d.y, e, DNNL_MEMORY_NONE);
  r.w = memory(w, e, DNNL_MEMORY_NONE);
  r.scratchpad = memory(scratchpad, e, DNNL_MEMORY_NONE);
  r.scratchpad_bytes = scratchpad.get_size();
  const bool writes_w = pass == Pass::kWeightGradient;
  if (w != d.w_user) {
    r.w_bytes = w.get_size();
    r.w_user = memory(d.w_user, e, DNNL_MEMORY_NONE);
    const memory &from = writes_w ? r.w : r.w_user, &to = writes_w ? r.w_user : r.w;
    r.reorder = dnnl::reorder(from, to);
    r.reorder_args[0] = {DNNL_ARG_FROM, from.get()};
    r.reorder_args[1] = {DNNL_ARG_TO, to.get()};
  }
  add_arg(r, pass == Pass::kDataGradient ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, r.x);
  add_arg(r, writes_w ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, r.w);
  add_arg(r, pass == Pass::kForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, r.y);
  add_arg(r, DNNL_ARG_SCRATCHPAD, r.scratchpad);
  if (!d.bias.is_zero()) {
    r.bias = memory(d.bias, e, DNNL_MEMORY_NONE);
    add_arg(r, DNNL_ARG_BIAS, r.bias);
  }
}

// Null when oneDNN cannot.
std::unique_ptr<Ready> make(const Key& k) {
  const Descriptions d = describe(k);
  const auto algorithm = dnnl::algorithm::convolution_direct;
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  auto r = std::make_unique<Ready>();
  const dnnl::convolution_forward::primitive_desc forward(
      engine(), dnnl::prop_kind::forward_training, algorithm, d.x, d.w_any, d.bias, d.y, d.strides,
      d.dilates, d.pad_front, d.pad_back, attr, true);
  if (!forward) return nullptr;
  if (k.pass == Pass::kForward) {
    r->primitive = dnnl::convolution_forward(forward);
    finish(*r, d, forward.weights_desc(), forward.scratchpad_desc(), k.pass);
  } else if (k.pass == Pass::kDataGradient) {
    const dnnl::convolution_backward_data::primitive_desc p(engine(), algorithm, d.x, d.w_any, d.y,
                                                            d.strides, d.dilates, d.pad_front,
                                                            d.pad_back, forward, attr, true);
    if (!p) return nullptr;
    r->primitive = dnnl::convolution_backward_data(p);
    finish(*r, d, p.weights_desc(), p.scratchpad_desc(), k.pass);
  } else {
    const dnnl::convolution_backward_weights::primitive_desc p(
        engine(), algorithm, d.x, d.w_any, memory::desc(), d.y, d.strides, d.dilates, d.pad_front,
        d.pad_back, forward, attr, true);
    if (!p) return nullptr;
    r->primitive = dnnl::convolution_backward_weights(p);
    finish(*r, d, p.diff_weights_desc(), p.scratchpad_desc(), k.pass);
  }
  return r;
}

Ready* find(const Key& key) {
  thread_local PrimitiveCache<Key, Ready> cache;
  return cache.find(key, make);
}

bool run_part(Pass pass, const ConvGeometry& g, const ConvOperands& o, bool single) {
  const SingleThread scope(single);
  const Key key{g, pass, o.bias != nullptr, static_cast<int64_t>(o.dtype), current_threads()};
  Ready* r = find(key);
  if (!r) return false;
  const Scratch<std::byte> w(static_cast<int64_t>(r->w_bytes));
  const Scratch<std::byte> scratchpad(static_cast<int64_t>(r->scratchpad_bytes));
  point(r->x, o.x);
  point(r->y, o.y);
  point(r->scratchpad, scratchpad.data());
  if (o.bias) point(r->bias, o.bias);
  point(r->w, r->w_bytes ? w.data() : o.w);
  if (r->w_bytes) {
    point(r->w_user, o.w);
    if (pass != Pass::kWeightGradient) run(r->reorder, 2, r->reorder_args);
  }
  run(r->primitive, r->arg_count, r->args);
  if (r->w_bytes && pass == Pass::kWeightGradient) run(r->reorder, 2, r->reorder_args);
  return true;
}

// The same convolution on images [begin, end).
ConvOperands images(const ConvGeometry& g, const ConvOperands& o, int64_t begin) {
  ConvOperands part = o;
  const auto bytes = static_cast<int64_t>(size_of(o.dtype));
  part.x = static_cast<std::byte*>(o.x) + begin * g.in_size() * g.c * bytes;
  part.y = static_cast<std::byte*>(o.y) + begin * g.out_size() * g.o * bytes;
  return part;
}

// Fixed groups of images, one thread each: the same bits at any number of threads.
bool run_in_blocks(Pass pass, const ConvGeometry& g, const ConvOperands& o) {
  constexpr int64_t kBlocks = 16, kWeightBlocks = 8;
  const bool sums = pass == Pass::kWeightGradient;
  const int64_t blocks = sums ? kWeightBlocks : kBlocks;
  const int64_t step = (g.n + blocks - 1) / blocks;
  ConvGeometry probe = g;
  probe.n = step;
  {
    const SingleThread scope(true);
    if (!find({probe, pass, o.bias != nullptr, static_cast<int64_t>(o.dtype), current_threads()}))
      return false;
  }
  const int64_t parts = (g.n + step - 1) / step, count = g.weight_count();
  const Scratch<float> partial(sums ? parts * count : 0);
  parallel_for(g.n, step, [&](int64_t begin, int64_t end) {
    ConvGeometry part = g;
    part.n = end - begin;
    ConvOperands operands = images(g, o, begin);
    if (sums) operands.w = partial.data() + begin / step * count;
    run_part(pass, part, operands, true);
  });
  if (!sums) return true;
  auto* dw = static_cast<float*>(o.w);
  std::memcpy(dw, partial.data(), count * sizeof(float));
  for (int64_t p = 1; p < parts; ++p)
    for (int64_t i = 0; i < count; ++i) dw[i] += partial[p * count + i];
  return true;
}

}  // namespace

bool conv(Pass pass, const ConvGeometry& g, const ConvOperands& operands) {
  const bool serial = g.work() <= kSerialWork || in_parallel();
  const bool summable = pass != Pass::kWeightGradient || operands.dtype == DType::kFloat32;
  if (is_deterministic() && !serial) {
    if (summable && g.n > 1) return run_in_blocks(pass, g, operands);
    return run_part(pass, g, operands, true);
  }
  return run_part(pass, g, operands, serial);
}

}  // namespace rush::kernels::cpu::onednn
