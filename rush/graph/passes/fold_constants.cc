// What depends on constants alone is computed here, once. Where all elements come out equal,
// readers that take any strides read one element through strides of 0 instead.
#include <cstring>

#include "rush/graph/interpret.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;  // of a result that is kept as a constant

class Folder {
 public:
  explicit Folder(Program& program)
      : program_(program),
        uses_(uses_of(program)),
        uniform_(program.buffers.size(), kUnknown),
        is_removed_(program.instructions.size()) {}

  void run() {
    for (size_t k = 0; k < program_.instructions.size(); ++k) {
      Instruction& i = program_.instructions[k];
      for (Operand& o : i.in) read_one_element(i, o);
      is_removed_[k] = fold(i);
    }
    erase_marked(program_, is_removed_);
  }

 private:
  static constexpr BufferId kUnknown = -2;

  bool is_constant(const Operand& o) const {
    return o.buffer == kNoBuffer || program_.buffers[o.buffer].kind == BufferKind::kConstant;
  }
  char* data_of(BufferId b) const {
    return static_cast<char*>(program_.buffers[b].storage->data());
  }

  // The one-element constant that holds what all elements of the buffer are, or none.
  BufferId uniform_of(const Operand& o) {
    if (o.buffer == kNoBuffer) return kNoBuffer;
    if (uniform_[o.buffer] == kUnknown) {
      const BufferId found = is_constant(o) ? find_uniform(o) : kNoBuffer;
      uniform_[o.buffer] = found;  // looking for it may have made the list longer
    }
    return uniform_[o.buffer];
  }
  BufferId find_uniform(const Operand& o) {
    const size_t bytes = program_.buffers[o.buffer].bytes, item = size_of(o.dtype);
    if (bytes == item) return o.buffer;
    if (bytes == 0 || bytes > kMostBytes || bytes % item != 0) return kNoBuffer;
    const char* data = data_of(o.buffer);
    if (std::memcmp(data, data + item, bytes - item) != 0) return kNoBuffer;
    return add_constant(data, item);
  }
  BufferId add_constant(const char* data, size_t bytes) {
    const BufferId b = program_.add_buffer(BufferKind::kConstant, bytes);
    program_.buffers[b].storage = Storage::make(bytes);
    std::memcpy(data_of(b), data, bytes);
    uniform_.push_back(b);
    uses_.emplace_back();
    return b;
  }

  void read_one_element(const Instruction& i, Operand& o) {
    if (!reads_any_layout(i) || (is_constant(o) && is_one_element(o))) return;
    const BufferId b = uniform_of(o);
    if (b != kNoBuffer && program_.buffers[b].bytes == size_of(o.dtype))
      o = {b, o.dtype, Layout(o.layout.shape, Dims::filled(o.layout.rank(), 0), 0)};
  }

  // Whether the instruction is no longer needed.
  bool fold(Instruction& i) {
    if (i.is_random() || i.refresh_attrs || i.form == Form::kFused || i.out.empty()) return false;
    for (const Operand& o : i.out)
      if (!is_value(program_, uses_, o) || o.layout.numel() == 0) return false;
    for (size_t k = 0; k < i.in.size(); ++k)
      if (i.writes(k)) return false;
    const bool is_uniform = note_uniform(i);
    for (const Operand& o : i.out)
      if (uses_[o.buffer].is_result || program_.buffers[o.buffer].bytes > kMostBytes) return false;
    if (is_uniform && !is_read_from_memory(i.out[0])) return true;
    for (const Operand& o : i.in)
      if (!is_constant(o)) return false;
    compute(i);
    return true;
  }

  // Whether all elements of the result are equal, and which number they are.
  bool note_uniform(const Instruction& i) {
    const bool fills =
        i.form == Form::kKernel && (i.op->name == "full" || i.op->name == "full_like");
    const bool converts = is_copy(i) || (i.form == Form::kKernel && i.op->name == "cast");
    if (i.form != Form::kElementwise && !fills && !converts) return false;
    Instruction one = i;
    for (size_t k = 0; k < i.in.size(); ++k) {
      Operand& o = one.in[k];
      if (o.buffer == kNoBuffer) continue;
      const bool counts = !fills || k + 1 == i.in.size();
      const BufferId value = counts ? uniform_of(o) : kNoBuffer;
      if (counts && (value == kNoBuffer || program_.buffers[value].bytes != size_of(o.dtype)))
        return false;
      o = {value, o.dtype, Layout(Shape())};
    }
    char number[sizeof(double)];
    const Operand& out = i.out[0];
    one.out[0].layout = Layout(Shape());
    run_on(one, number);
    uniform_[out.buffer] = add_constant(number, size_of(out.dtype));
    return true;
  }
  bool is_read_from_memory(const Operand& out) const {
    for (const int reader : uses_[out.buffer].readers)
      if (!reads_any_layout(program_.instructions[reader])) return true;
    return false;
  }

  void compute(const Instruction& i) {
    for (const Operand& o : i.out) {
      Buffer& buffer = program_.buffers[o.buffer];
      buffer.kind = BufferKind::kConstant;
      buffer.storage = Storage::make(buffer.bytes);
    }
    run_on(i, nullptr);
  }
  // Runs the instruction on constants, its output in `out` if given.
  void run_on(const Instruction& i, void* out) {
    memory_.resize(program_.buffers.size());
    for (const auto* operands : {&i.in, &i.out})
      for (const Operand& o : *operands)
        if (o.buffer != kNoBuffer && program_.buffers[o.buffer].storage)
          memory_[o.buffer] = data_of(o.buffer);
    if (out) memory_[i.out[0].buffer] = out;
    run_instruction(i, memory_);
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<BufferId> uniform_;  // by buffer
  std::vector<bool> is_removed_;
  std::vector<void*> memory_;
};

}  // namespace

void fold_constants(Program& program) { Folder(program).run(); }

}  // namespace rush::graph
