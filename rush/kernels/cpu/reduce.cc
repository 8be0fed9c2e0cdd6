// Registers the reductions and scans.
#include "rush/kernels/cpu/reduce_kernels.h"

namespace rush::kernels::cpu {

void register_reduce(Table& table) {
  register_sums(table);
  register_extremes(table);
  register_arg_reductions(table);
  register_scans(table);
}

}  // namespace rush::kernels::cpu
