#include "rush/graph/explain.h"

#include <algorithm>
#include <cstdio>

namespace rush::graph {
namespace {

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "KB", "MB", "GB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 3) {
    bytes /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes,
                units[unit]);
  return text;
}

std::string padded(std::string text, size_t width, bool right = false) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

kernels::View view_of(const Operand& o) {
  static char there;
  if (o.buffer == kNoBuffer) return {};
  return {&there, o.dtype, o.layout.shape, o.layout.strides};
}

// A fused chain takes an operation a step and element.
Cost cost_of(const Instruction& i) {
  std::vector<kernels::View> in, out;
  for (const Operand& o : i.in) in.push_back(view_of(o));
  for (const Operand& o : i.out) out.push_back(view_of(o));
  if (i.form != Form::kFused) return rush::cost_of(*i.op, in, out, i.attrs.data());
  Cost cost;
  int64_t n = 0;
  for (const auto* list : {&in, &out})
    for (const kernels::View& v : *list) {
      if (!v.data) continue;
      cost.bytes += bytes_touched(v.dtype, v.shape, v.strides);
      n = std::max(n, v.numel());
    }
  cost.flops = static_cast<double>(n) * static_cast<double>(i.chain->steps.size());
  return cost;
}

std::string place_of(const Program& program, const MemoryPlan& memory, BufferId b) {
  const Buffer& buffer = program.buffers[b];
  switch (buffer.kind) {
    case BufferKind::kArgument:
      return "argument " + std::to_string(buffer.argument);
    case BufferKind::kState:
      return buffer.grad_of ? "gradient" : "state";
    case BufferKind::kConstant:
      return "constant";
    case BufferKind::kTemporary:
      break;
  }
  if (memory.offsets[b] < 0) return "result";
  std::string place = "arena+" + std::to_string(memory.offsets[b]);
  if (memory.shares[b] != kNoBuffer) place += " in place";
  return place;
}

}  // namespace

std::vector<InstructionNote> notes_for_profile(const Program& program) {
  std::vector<InstructionNote> notes;
  for (const Instruction& i : program.instructions)
    notes.push_back({intern_name(i.name()), i.origin, cost_of(i)});
  return notes;
}

std::string explain_plan(const Program& program, const MemoryPlan& memory,
                         const std::vector<double>& times, int runs) {
  std::string text;
  double total = 0;
  int fused = 0;
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& in = program.instructions[i];
    const int64_t bytes = cost_of(in).bytes;
    const double us = runs > 0 ? times[i] / runs * 1e6 : 0;
    total += us;
    fused += in.form == Form::kFused;
    char time[32] = "";
    if (runs > 0) std::snprintf(time, sizeof time, "%.2f us", us);
    text += padded(std::to_string(i), 4, true) + "  " + padded(in.name(), 34) + " ";
    const std::string shape =
        in.out.empty() ? "" : to_text(Spec{in.out[0].layout.shape, in.out[0].dtype});
    text += padded(shape, 26) + " " +
            padded(in.out.empty() ? "" : place_of(program, memory, in.out[0].buffer), 26) +
            padded(bytes_text(static_cast<double>(bytes)), 9, true) + padded(time, 14, true);
    if (in.group >= 0) text += "  side by side " + std::to_string(in.group);
    if (!in.note.empty()) text += "  " + in.note;
    text += "\n";
  }
  int64_t states = 0;
  for (const Buffer& b : program.buffers)
    if (b.kind == BufferKind::kState) states += static_cast<int64_t>(b.bytes);
  text += std::to_string(program.instructions.size()) + " instructions, " + std::to_string(fused) +
          " of them fused; arena " + bytes_text(static_cast<double>(memory.arena_bytes)) +
          " for temporaries of " + bytes_text(static_cast<double>(memory.sum_bytes)) + "; states " +
          bytes_text(static_cast<double>(states));
  if (runs > 0) {
    char sum[64];
    std::snprintf(sum, sizeof sum, "; %.1f us in kernels, mean of %d runs", total, runs);
    text += sum;
  }
  return text + "\n";
}

}  // namespace rush::graph
