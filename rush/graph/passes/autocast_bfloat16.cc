// Contractions in bfloat16: inputs are cast before them, each value once, the output is cast back.
#include <map>
#include <string_view>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"
#include "rush/kernels/attrs/create.h"

namespace rush::graph {
namespace {

constexpr int64_t kLeastElements = 4096;  // of an output: smaller ones lose more than they gain

bool is_contraction(const Instruction& i) {
  constexpr std::string_view kNames[] = {"matmul", "linear", "conv", "conv_dx", "conv_dw"};
  return i.form == Form::kKernel && i.out.size() == 1 &&
         i.out[0].layout.numel() >= kLeastElements &&
         std::find(std::begin(kNames), std::end(kNames), i.op->name) != std::end(kNames);
}

class Autocast {
 public:
  explicit Autocast(Program& program) : program_(program), version_(program.buffers.size()) {}

  void run() {
    for (Instruction& i : program_.instructions) {
      const bool is_cast = is_contraction(i) && is_float(i);
      if (is_cast)
        cast_around(i);
      else
        list_.push_back(std::move(i));
      for_each_write(list_.back(), [&](const Operand& o) { ++version_[o.buffer]; });
    }
    program_.instructions = std::move(list_);
  }

 private:
  static bool is_float(const Instruction& i) {
    bool all = i.out[0].dtype == DType::kFloat32;
    for (const Operand& o : i.in) all &= o.buffer == kNoBuffer || o.dtype == DType::kFloat32;
    return all;
  }

  void cast_around(const Instruction& i) {
    Instruction half = i;
    for (Operand& o : half.in)
      if (o.buffer != kNoBuffer) o = narrowed(o, i.origin);
    const Operand out = temporary(i.out[0].layout);
    half.out = {out};
    list_.push_back(std::move(half));
    list_.push_back(cast(out, i.out[0], i.origin));
  }

  // The operand in bfloat16. What fills its buffer is cast once for all views of that.
  Operand narrowed(const Operand& o, OriginId origin) {
    const bool is_whole = covers(o, program_.buffers[o.buffer].bytes);
    if (!is_whole) {
      const Operand part = temporary(o.layout);
      list_.push_back(cast(o, part, origin));
      return part;
    }
    const auto [known, is_new] = narrow_.try_emplace({o.buffer, version_[o.buffer]}, kNoBuffer);
    if (is_new) {
      Operand whole = temporary(o.layout);
      whole.layout.strides = o.layout.strides;
      known->second = whole.buffer;
      list_.push_back(cast(o, whole, origin));
    }
    return {known->second, DType::kBFloat16, o.layout};
  }

  // Dense, in the order of `like`.
  Operand temporary(const Layout& like) {
    Operand o{kNoBuffer, DType::kBFloat16,
              Layout(like.shape, dense_strides_like(like.shape, like.strides), 0)};
    o.buffer = program_.add_buffer(BufferKind::kTemporary,
                                   static_cast<size_t>(like.numel()) * size_of(o.dtype));
    version_.push_back(0);
    return o;
  }

  static Instruction cast(const Operand& from, const Operand& to, OriginId origin) {
    static const Op& op = *find_op("cast");
    Instruction i;
    i.op = &op;
    i.origin = origin;
    i.attrs = AttrBox(CastAttrs{to.dtype});
    i.in = {from};
    i.out = {to};
    return i;
  }

  Program& program_;
  std::vector<int> version_;  // writes so far, by buffer
  std::map<std::pair<BufferId, int>, BufferId> narrow_;
  std::vector<Instruction> list_;
};

}  // namespace

void autocast_bfloat16(Program& program) { Autocast(program).run(); }

}  // namespace rush::graph
