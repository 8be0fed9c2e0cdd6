// Programs built by hand, and run one instruction after another, for the tests of passes.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "rush/graph/interpret.h"
#include "rush/graph/program.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/attrs/movement.h"
#include "rush/kernels/attrs/optim.h"
#include "rush/kernels/attrs/random.h"
#include "rush/kernels/attrs/reduce.h"
#include "rush/rush.h"

namespace rush::graph::testing {

class Build {
 public:
  Program program;

  Operand buffer(BufferKind kind, const Shape& shape, DType t = DType::kFloat32) {
    const Layout layout(shape);
    const BufferId b = program.add_buffer(kind, static_cast<size_t>(layout.numel()) * size_of(t));
    if (kind == BufferKind::kArgument) program.buffers[b].argument = program.arguments++;
    return {b, t, layout};
  }
  Operand argument(const Shape& shape, DType t = DType::kFloat32) {
    return buffer(BufferKind::kArgument, shape, t);
  }
  Operand temporary(const Shape& shape, DType t = DType::kFloat32) {
    return buffer(BufferKind::kTemporary, shape, t);
  }
  Operand state(const Tensor& value) { return stored(BufferKind::kState, value); }
  Operand constant(const Tensor& value) { return stored(BufferKind::kConstant, value); }
  Operand number(double value, DType t = DType::kFloat32) {
    return constant(Tensor::scalar(value, t));
  }

  Instruction& add(const char* op, std::vector<Operand> in, std::vector<Operand> out,
                   AttrRef attrs = {}) {
    Instruction& i = program.instructions.emplace_back();
    i.op = find_op(op);
    if (!i.op) fail("there is no op ", op);
    i.form = i.op->is_elementwise ? Form::kElementwise : Form::kKernel;
    if (attrs.data) i.attrs = AttrBox(attrs);
    if (i.op->writes_in_place())
      for (size_t k = 0; k < in.size(); ++k)
        i.writes_input.push_back(i.op->writes(k, in.size(), attrs.data));
    i.in = std::move(in);
    i.out = std::move(out);
    return i;
  }
  // An element-wise instruction with broadcasting.
  Operand rows(const char* op, std::vector<Operand> in, AttrRef attrs = {}) {
    Shape shape;
    for (const Operand& o : in) shape = broadcast_shapes(op, shape, o.layout.shape);
    for (Operand& o : in) o = expanded(o, shape);
    const DType t = in.back().dtype;
    const bool compares = find_op(op)->types == Types::kCompare;
    const Operand out = temporary(shape, compares ? DType::kBool : t);
    add(op, std::move(in), {out}, attrs).computing = t;
    return out;
  }
  // A kernel whose outputs are as the shape rule says.
  Operand call(const char* op, std::vector<Operand> in, AttrRef attrs = {}) {
    return calls(op, std::move(in), attrs)[0];
  }
  std::vector<Operand> calls(const char* op, std::vector<Operand> in, AttrRef attrs = {}) {
    InlineVec<Spec, 4> specs;
    InlineVec<bool, 8> present;
    for (const Operand& o : in) {
      present.push_back(o.buffer != kNoBuffer);
      specs.push_back({o.layout.shape, o.dtype});
    }
    InlineVec<OutSpec, 2> shapes;
    InferCall c{op, specs, present, attrs.data, shapes};
    find_op(op)->infer(c);
    std::vector<Operand> out;
    for (const OutSpec& s : shapes) out.push_back(temporary(s.shape, s.dtype));
    add(op, std::move(in), out, attrs);
    return out;
  }
  void result(const Operand& o) { program.results.push_back(o); }

  static Operand expanded(const Operand& o, const Shape& shape) {
    Operand out{o.buffer, o.dtype, Layout(shape, Dims::filled(shape.size(), 0), o.layout.offset)};
    const int shift = shape.size() - o.layout.rank();
    for (int d = 0; d < o.layout.rank(); ++d)
      if (o.layout.shape[d] == shape[d + shift])
        out.layout.strides[d + shift] = o.layout.strides[d];
    return out;
  }
  static Operand transposed(Operand o) {
    const int last = o.layout.rank() - 1;
    std::swap(o.layout.shape[last], o.layout.shape[last - 1]);
    std::swap(o.layout.strides[last], o.layout.strides[last - 1]);
    return o;
  }
  // Elements [begin, end) of an axis.
  static Operand part(Operand o, int axis, int64_t begin, int64_t end) {
    o.layout.offset += begin * o.layout.strides[axis];
    o.layout.shape[axis] = end - begin;
    return o;
  }

 private:
  Operand stored(BufferKind kind, const Tensor& value) {
    const BufferId b = program.add_buffer(kind, value.storage()->bytes());
    program.buffers[b].storage = value.storage();
    return {b, value.dtype(), value.layout()};
  }
};

inline std::vector<char> bytes_of(const Tensor& t) {
  const Tensor dense = t.contiguous();
  const char* data = static_cast<const char*>(dense.raw());
  return std::vector<char>(data, data + dense.numel() * static_cast<int64_t>(size_of(t.dtype())));
}

// What a run leaves behind: results, then states (which are given back their values afterwards).
inline std::vector<std::vector<char>> run(const Program& program,
                                          const std::vector<Tensor>& arguments) {
  std::vector<std::vector<char>> memory(program.buffers.size());
  std::vector<void*> at;
  for (size_t b = 0; b < program.buffers.size(); ++b) {
    const Buffer& buffer = program.buffers[b];
    memory[b].assign(buffer.bytes + 64, 0x7f);
    if (buffer.kind == BufferKind::kArgument)
      std::memcpy(memory[b].data(), arguments[buffer.argument].raw(), buffer.bytes);
    if (buffer.storage) std::memcpy(memory[b].data(), buffer.storage->data(), buffer.bytes);
    at.push_back(memory[b].data());
  }
  for (const Instruction& i : program.instructions) run_instruction(i, at);
  std::vector<std::vector<char>> left;
  for (const Operand& o : program.results) {
    const Tensor whole = Tensor::wrap(
        at[o.buffer], o.layout, o.dtype, program.buffers[o.buffer].bytes, [](void*) {}, nullptr);
    left.push_back(bytes_of(whole));
  }
  for (size_t b = 0; b < program.buffers.size(); ++b)
    if (program.buffers[b].kind == BufferKind::kState)
      left.emplace_back(memory[b].begin(),
                        memory[b].begin() + static_cast<std::ptrdiff_t>(program.buffers[b].bytes));
  return left;
}

inline int count(const Program& program, const std::string& name) {
  int n = 0;
  for (const Instruction& i : program.instructions) n += i.name() == name;
  return n;
}

// Runs the program before and after `pass`, which must keep every bit.
template <typename Pass>
bool keeps_bits(Program& program, Pass&& pass, const std::vector<Tensor>& arguments) {
  verify(program, "building");
  const auto before = run(program, arguments);
  pass(program);
  verify(program, "the pass");
  return run(program, arguments) == before;
}

// Whether two buffers of float32 hold nearly the same.
inline bool is_close(const std::vector<char>& a, const std::vector<char>& b) {
  if (a.size() != b.size() || a.size() % sizeof(float) != 0) return a == b;
  for (size_t at = 0; at < a.size(); at += sizeof(float)) {
    float x, y;
    std::memcpy(&x, &a[at], sizeof x);
    std::memcpy(&y, &b[at], sizeof y);
    if (std::isnan(x) != std::isnan(y)) return false;
    if (x != y && std::abs(x - y) > 1e-4f * (1 + std::abs(x))) return false;
  }
  return true;
}
inline bool is_close(const std::vector<std::vector<char>>& a,
                     const std::vector<std::vector<char>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return is_close(x, y); });
}

// As keeps_bits, for passes that may change the last bits.
template <typename Pass>
bool is_close(Program& program, Pass&& pass, const std::vector<Tensor>& arguments) {
  verify(program, "building");
  const auto before = run(program, arguments);
  pass(program);
  verify(program, "the pass");
  return is_close(run(program, arguments), before);
}

}  // namespace rush::graph::testing
