#include "rush/graph/interpret.h"

#include "rush/kernels/elementwise.h"

namespace rush::graph {
namespace {

kernels::View view_of(const Operand& o, std::span<void* const> memory) {
  if (o.buffer == kNoBuffer) return {};
  char* data = static_cast<char*>(memory[o.buffer]);
  return {data + o.layout.offset * static_cast<int64_t>(size_of(o.dtype)), o.dtype, o.layout.shape,
          o.layout.strides};
}

}  // namespace

void run_instruction(const Instruction& i, std::span<void* const> memory) {
  InlineVec<kernels::View, 8> in, out;
  for (const Operand& o : i.out) out.push_back(view_of(o, memory));
  for (const Operand& o : i.in) {
    kernels::View& view = in.emplace_back(view_of(o, memory));
    if (i.form == Form::kElementwise && !view.data)
      view = {nullptr, i.computing, out[0].shape, Dims::filled(out[0].shape.size(), 0)};
  }
  if (i.form == Form::kFused) return kernels::run_fused(*i.chain, in, out);
  const kernels::Entry* entry = kernels::table(Device::kCpu).find(i.op->name);
  if (!entry) fail(i.op->name, ": no ", Device::kCpu, " kernel");
  if (i.form == Form::kElementwise)
    kernels::run_elementwise(*entry, i.computing, out[0], in, i.attrs.data());
  else
    entry->kernel({in, out, i.attrs.data()});
}

}  // namespace rush::graph
