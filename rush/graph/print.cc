// Programs as text, an instruction a line, and as a picture for Graphviz.
//
//   %5 f32[64, 800] = linear(arg0[64, 784], state1, state2)
//   %6 f32[64, 800] = mul(%5, 0.5)                 a constant that is one number
//   state1 = sgd_step(state1!, %9) lr=0.1          ! is written as well as read
//
// A region that is not all of its buffer in row-major order shows its shape, strides and offset:
// %5[800, 64]:[1, 800]+0.
#include <cstring>
#include <map>

#include "rush/graph/dot.h"
#include "rush/graph/program.h"

namespace rush::graph {
namespace {

const char* short_name(DType t) {
  constexpr const char* kNames[kDTypeCount] = {"bool", "u8",  "i8",   "i16", "i32",
                                               "i64",  "f16", "bf16", "f32", "f64"};
  return kNames[static_cast<int>(t)];
}

std::string name_of(const Program& program, BufferId b) {
  if (b < 0 || b >= static_cast<int>(program.buffers.size())) return "buffer?" + std::to_string(b);
  const Buffer& buffer = program.buffers[b];
  switch (buffer.kind) {
    case BufferKind::kTemporary:
      return "%" + std::to_string(b);
    case BufferKind::kArgument:
      return "arg" + std::to_string(buffer.argument);
    case BufferKind::kState:
      return "state" + std::to_string(b);
    case BufferKind::kConstant:
      return "const" + std::to_string(b);
  }
  return "?";
}

std::string spec_text(const Operand& o) { return short_name(o.dtype) + to_text(o.layout.shape); }

// The value of an operand that repeats one element of a constant, or nothing.
std::string number_text(const Program& program, const Operand& o) {
  const Buffer& buffer = program.buffers[o.buffer];
  const ByteRange range = range_of(o);
  if (buffer.kind != BufferKind::kConstant || !buffer.storage ||
      range.end - range.begin != static_cast<int64_t>(size_of(o.dtype)))
    return "";
  const char* at = static_cast<const char*>(buffer.storage->data()) + range.begin;
  return dispatch(o.dtype, [&]<typename T>() {
    T value;
    std::memcpy(&value, at, sizeof value);
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      return Part(static_cast<double>(static_cast<float>(value))).text();
    else if constexpr (std::is_floating_point_v<T>)
      return Part(static_cast<double>(value)).text();
    else
      return Part(value).text();
  });
}

std::string operand_text(const Program& program, const Operand& o) {
  if (o.buffer < 0 || o.buffer >= static_cast<int>(program.buffers.size()))
    return o.buffer == kNoBuffer ? "none" : name_of(program, o.buffer);
  const std::string number = number_text(program, o);
  if (!number.empty()) return number;
  const Layout& l = o.layout;
  std::string text = name_of(program, o.buffer);
  if (l.rank() == 0 && l.offset == 0) return text;
  if (covers(o, program.buffers[o.buffer].bytes) && is_contiguous(l.shape, l.strides)) return text;
  text += to_text(l.shape) + ":" + to_text(l.strides);
  if (l.offset != 0) text += "+" + std::to_string(l.offset);
  return text;
}

bool replaces(const Instruction& i, size_t input) {
  return i.form != Form::kKernel && !i.out.empty() && i.in[input].buffer != kNoBuffer &&
         i.in[input] == i.out[0];
}

std::string instruction_text(const Program& program, const Instruction& i) {
  std::string text;
  for (const Operand& o : i.out)
    text += (text.empty() ? "" : ", ") + operand_text(program, o) + " " + spec_text(o);
  text += (text.empty() ? "" : " = ") + i.name() + "(";
  for (size_t k = 0; k < i.in.size(); ++k) {
    text += (k ? ", " : "") + operand_text(program, i.in[k]);
    if (i.writes(k) || replaces(i, k)) text += "!";
  }
  text += ")";
  if (i.attrs.data()) text += " " + i.attrs.text();
  if (i.refresh_attrs) text += " (attributes change)";
  if (i.group >= 0) text += " group " + std::to_string(i.group);
  if (!i.note.empty()) text += "  # " + i.note;
  return text;
}

}  // namespace

std::string to_text(const Program& program) {
  std::string text;
  for (const Instruction& i : program.instructions) text += instruction_text(program, i) + "\n";
  text += "results:";
  for (const Operand& o : program.results) text += " " + operand_text(program, o);
  return text + "\n";
}

std::string to_dot(const Program& program) {
  std::string text = "digraph program {\n  node [shape=box, fontname=\"monospace\"];\n";
  std::map<BufferId, std::string> writer;  // the node that wrote a buffer last
  const auto source = [&](BufferId b) -> const std::string& {
    std::string& node = writer[b];
    if (node.empty()) {
      node = "b" + std::to_string(b);
      text += "  " + node + " [shape=ellipse, label=" + quoted(name_of(program, b)) + "];\n";
    }
    return node;
  };
  for (size_t k = 0; k < program.instructions.size(); ++k) {
    const Instruction& i = program.instructions[k];
    const std::string node = "i" + std::to_string(k);
    std::string label = i.name();
    for (const Operand& o : i.out) label += "\\n" + spec_text(o);
    text += "  " + node + " [label=\"" + label + "\"];\n";
    for (const Operand& o : i.in)
      if (o.buffer != kNoBuffer && number_text(program, o).empty()) {
        const std::string from = source(o.buffer);
        text += "  " + from + " -> " + node + ";\n";
      }
    for_each_write(i, [&](const Operand& o) { writer[o.buffer] = node; });
  }
  for (size_t k = 0; k < program.results.size(); ++k) {
    const std::string from = source(program.results[k].buffer);
    text += "  result" + std::to_string(k) + " [shape=ellipse];\n";
    text += "  " + from + " -> result" + std::to_string(k) + ";\n";
  }
  return text + "}\n";
}

}  // namespace rush::graph
