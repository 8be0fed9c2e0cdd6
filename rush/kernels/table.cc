// The one table (device, op) -> kernel: built at first use by calling each family once. Ops look
// their entry up once and keep the pointer, so the map may be plain.
#include <map>
#include <string>

#include "rush/kernels/cpu/attention_kernels.h"
#include "rush/kernels/cpu/families.h"
#include "rush/kernels/cpu/recurrent_kernels.h"
#include "rush/kernels/kernel.h"
#include "rush/tensor/layout.h"

namespace rush {

std::string to_text(Device d) {
  switch (d) {
    case Device::kCpu:
      return "cpu";
  }
  return "unknown device";
}

namespace kernels {

bool View::is_contiguous() const { return rush::is_contiguous(shape, strides); }

struct Table::Named {
  std::map<std::string, Entry, std::less<>> entries;  // a node's address never changes
};

Entry& Table::add(std::string_view op) {
  if (first_ == nullptr) first_ = new Named;  // lives as long as the program
  return first_->entries.try_emplace(std::string(op)).first->second;
}

const Entry* Table::find(std::string_view op) const {
  if (first_ == nullptr) return nullptr;
  const auto found = first_->entries.find(op);
  return found == first_->entries.end() ? nullptr : &found->second;
}

const Table& table(Device) {
  static const Table cpu_table = [] {
    Table t;
    for (auto* family :
         {cpu::register_unary, cpu::register_binary, cpu::register_reduce, cpu::register_movement,
          cpu::register_index, cpu::register_sort, cpu::register_softmax, cpu::register_norm,
          cpu::register_random, cpu::register_loss, cpu::register_optim, cpu::register_matmul,
          cpu::register_conv, cpu::register_pool, cpu::register_attention, cpu::register_special,
          cpu::register_linalg, cpu::register_fft, cpu::register_recurrent}) {
      family(t);
    }
    return t;
  }();
  return cpu_table;
}

}  // namespace kernels
}  // namespace rush
