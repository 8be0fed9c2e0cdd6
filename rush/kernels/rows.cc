#include "rush/kernels/rows.h"

#include <algorithm>
#include <cstring>

#include "rush/kernels/convert.h"
#include "rush/kernels/stride_runs.h"

namespace rush::kernels {
namespace {

constexpr int64_t kBlock = 256;
constexpr size_t kWidest = 8;

// One operand of the row as blocks see it.
class Operand {
 public:
  Operand(void* ptr, int64_t stride, DType memory, DType computing)
      : ptr_(static_cast<char*>(ptr)),
        stride_(stride),
        bytes_(size_of(memory)),
        memory_(memory),
        computing_(computing) {}

  // A dense block of the input elements [at, at + n) in the computing type.
  void* load(int64_t at, int64_t n, char* block, char* scratch) {
    if (ptr_ == nullptr) return nullptr;
    if (stride_ == 0 && at > 0) return block;  // filled by the first block, never shorter than this
    char* from = ptr_ + at * stride_ * static_cast<int64_t>(bytes_);
    if (stride_ != 1) {
      char* dense = memory_ == computing_ ? block : scratch;
      by_width(bytes_, [&]<typename Word>() { gather_run<Word>(from, stride_, dense, n); });
      from = dense;
    }
    if (memory_ == computing_) return from;
    convert_dense(memory_, from, computing_, block, n);
    return block;
  }
  // Where the output block is computed: in place if it can be, else in `block`.
  void* target(int64_t at, char* block) const { return is_direct() ? address(at) : block; }
  void store(int64_t at, int64_t n, const char* block, char* scratch) const {
    if (is_direct()) return;
    if (memory_ != computing_) {
      char* dense = stride_ == 1 ? address(at) : scratch;
      convert_dense(computing_, block, memory_, dense, n);
      block = dense;
    }
    if (stride_ != 1)
      by_width(bytes_, [&]<typename Word>() { scatter_run<Word>(block, address(at), stride_, n); });
  }

 private:
  bool is_direct() const { return stride_ == 1 && memory_ == computing_; }
  char* address(int64_t at) const { return ptr_ + at * stride_ * static_cast<int64_t>(bytes_); }

  char* ptr_;
  int64_t stride_;
  size_t bytes_;
  DType memory_, computing_;
};

}  // namespace

void run_blocks(const Row& row, const RowForm& form, RowFunction dense) {
  alignas(64) char blocks[kMaxOperands][kBlock * kWidest];
  alignas(64) char scratch[kBlock * kWidest];
  Row part = row;
  std::fill_n(part.stride, form.operands, 1);
  for (int64_t at = 0; at < row.n; at += kBlock) {
    part.n = std::min(kBlock, row.n - at);
    const auto operand = [&](int k) {
      return Operand(row.ptr[k], row.stride[k], form.memory[k], form.computing[k]);
    };
    for (int k = 1; k < form.operands; ++k)
      part.ptr[k] = operand(k).load(at, part.n, blocks[k], scratch);
    const Operand out = operand(0);
    part.ptr[0] = out.target(at, blocks[0]);
    dense(part);
    out.store(at, part.n, blocks[0], scratch);
  }
}

}  // namespace rush::kernels
