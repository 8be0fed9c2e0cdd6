// How row functions are made. An op's loop is written once, for dense operands in the computing
// type (`dense`: a RowFunction that may assume all strides are 1); `row<...>` makes the general row
// function of it: strided, repeated and half-width operands go through blocks that stay in L1.
#pragma once

#include <type_traits>

#include "rush/kernels/kernel.h"

namespace rush::kernels {

// Per operand (the output first): the type in memory and the one `dense` works on.
struct RowForm {
  int operands;
  DType memory[kMaxOperands], computing[kMaxOperands];
};

// Runs `dense` over blocks of `row` whose operands are made dense and converted first.
void run_blocks(const Row& row, const RowForm& form, RowFunction dense);

// The same type in and out.
template <typename Memory, typename Computing>
constexpr RowForm same_form(int inputs) {
  RowForm form{inputs + 1, {}, {}};
  for (int k = 0; k <= inputs; ++k) {
    form.memory[k] = dtype_of<Memory>;
    form.computing[k] = dtype_of<Computing>;
  }
  return form;
}
// Bool comes out: comparisons and tests.
template <typename Memory, typename Computing>
constexpr RowForm test_form(int inputs) {
  RowForm form = same_form<Memory, Computing>(inputs);
  form.memory[0] = form.computing[0] = DType::kBool;
  return form;
}
// The first input is a bool condition.
template <typename Memory, typename Computing>
constexpr RowForm select_form(int inputs) {
  RowForm form = same_form<Memory, Computing>(inputs);
  form.memory[1] = form.computing[1] = DType::kBool;
  return form;
}

// A form as a template argument: row<dense, same_form<float, float>, 2>.
using MakeForm = RowForm (*)(int);

template <RowFunction dense, MakeForm make_form, int inputs>
void row(const Row& r) {
  static constexpr RowForm form = make_form(inputs);
  if constexpr (form.memory[inputs] == form.computing[inputs]) {
    bool is_dense = true;
    for (int k = 0; k <= inputs; ++k) is_dense &= r.stride[k] == 1;
    if (is_dense) return dense(r);
  }
  run_blocks(r, form, dense);
}

}  // namespace rush::kernels
