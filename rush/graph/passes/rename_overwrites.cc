// A temporary that is overwritten as a whole is another value from there on, and gets another
// buffer. Two values share memory again when the plan places buffers.
#include <algorithm>
#include <numeric>

#include "rush/graph/passes/passes.h"

namespace rush::graph {
namespace {

class Renamer {
 public:
  explicit Renamer(Program& program)
      : program_(program), now_(program.buffers.size()), written_(program.buffers.size()) {
    std::iota(now_.begin(), now_.end(), 0);
  }

  void run() {
    for (Instruction& i : program_.instructions) {
      for (Operand& o : i.in) rename(o);
      for (Operand& o : i.out) {
        if (o.buffer == kNoBuffer) continue;
        const BufferId original = o.buffer;
        if (is_overwritten(i, o)) now_[original] = fresh_copy(original);
        o.buffer = now_[original];
        written_[original] = true;
      }
    }
    for (Operand& o : program_.results) rename(o);
  }

 private:
  void rename(Operand& o) const {
    if (o.buffer != kNoBuffer) o.buffer = now_[o.buffer];
  }
  bool is_overwritten(const Instruction& i, const Operand& o) const {
    const Buffer& buffer = program_.buffers[o.buffer];
    if (buffer.kind != BufferKind::kTemporary || !written_[o.buffer]) return false;
    for (size_t k = 0; k < i.in.size(); ++k)
      if (i.writes(k) && i.in[k].buffer == now_[o.buffer]) return false;
    return covers(o, buffer.bytes);
  }
  BufferId fresh_copy(BufferId b) {
    return program_.add_buffer(BufferKind::kTemporary, program_.buffers[b].bytes);
  }

  Program& program_;
  std::vector<BufferId> now_;  // the buffer that holds the value of each original one
  std::vector<bool> written_;
};

}  // namespace

void rename_overwrites(Program& program) { Renamer(program).run(); }

}  // namespace rush::graph
