// Element-wise functions. Those without options come from the registry of ops, in one loop.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/special.h"
#include "rush/ops/unary.h"

namespace rush::python {

void add_elementwise_rows() {
  const Rows rows("torch");
  rows.add(
      "relu(input)", [](const Tensor& x) { return relu(x); }, kInPlace);
  rows.add(
      "tanh(input)", [](const Tensor& x) { return tanh(x); }, kInPlace);
  rows.add(
      "add(input, other, *, alpha=1)",
      [](const Operand& x, const Operand& y, const Operand& alpha) {
        return alpha.is_weak() && alpha.item() == 1 ? add(x, y) : add(x, mul(y, alpha));
      },
      kInPlace);
}

}  // namespace rush::python
