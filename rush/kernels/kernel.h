// What a kernel is, and the one table (device, op) -> kernel.
//
// A kernel sees raw memory, shapes and strides; never a Tensor, a node or a graph. There are two
// forms:
//  - a Row function handles one row of an element-wise op; the driver in elementwise.h broadcasts,
//    coalesces dimensions, cuts rows into blocks and spreads them over threads. The same functions
//    run fused chains over blocks that stay in L1.
//  - a Kernel handles a whole call.
// Families register in table.cc, one call each; nothing registers itself at static initialisation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rush/base/dtype.h"
#include "rush/base/shape.h"

namespace rush {

enum class Device : uint8_t { kCpu };
inline constexpr int kDeviceCount = 1;
std::string to_text(Device d);

namespace kernels {

// A tensor as a kernel sees it. Strides count elements and may be 0 (broadcast) or negative for
// inputs; `data` points at element [0, 0, ...]. data == nullptr: an optional input that is absent.
struct View {
  void* data = nullptr;
  DType dtype = DType::kFloat32;
  Shape shape;
  Strides strides;

  template <typename T>
  T* as() const {
    return static_cast<T*>(data);
  }
  int64_t numel() const { return rush::numel(shape); }
  bool is_contiguous() const;
};

struct Call {
  std::span<const View> in;
  std::span<const View> out;    // allocated by the caller, in the layout the op's record asked for
  const void* attrs = nullptr;  // the op's attribute struct, kernels/attrs.h

  template <typename A>
  const A& attributes() const {
    return *static_cast<const A*>(attrs);
  }
};
using Kernel = void (*)(const Call&);

// One row: n elements of each operand, the output first. A stride of 0 repeats one element, 1 is
// dense; anything else is allowed. The output may be exactly one of the inputs, never overlap one.
inline constexpr int kMaxOperands = 8;
struct Row {
  int64_t n;
  void* ptr[kMaxOperands];
  int64_t stride[kMaxOperands];
  const void* attrs;
};
using RowFunction = void (*)(const Row&);

// What the table holds for an op on a device. Exactly one of the two forms is filled. Row functions
// are per computing dtype: that of the last input (the data operand of where, comparisons, casts).
struct Entry {
  Kernel kernel = nullptr;
  RowFunction rows[kDTypeCount] = {};
  int cost = 1;  // rough cost of an element in units of one addition: sets the parallel grain
  bool is_row_op() const { return kernel == nullptr; }
};

class Table {
 public:
  Entry& add(std::string_view op);               // creates or returns the entry
  const Entry* find(std::string_view op) const;  // nullptr when there is none
 private:
  struct Named;
  Named* first_ = nullptr;
};

const Table& table(Device device);

// The families' registration functions, called by table(Device::kCpu), one a source file.
namespace cpu {
void register_unary(Table&);
void register_binary(Table&);
void register_reduce(Table&);
void register_movement(Table&);
void register_index(Table&);
void register_sort(Table&);
void register_softmax(Table&);
void register_norm(Table&);
void register_random(Table&);
void register_loss(Table&);
void register_optim(Table&);
void register_matmul(Table&);
void register_conv(Table&);
void register_pool(Table&);
}  // namespace cpu

}  // namespace kernels
}  // namespace rush
