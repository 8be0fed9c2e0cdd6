// Reductions.
#include "function.h"
#include "rows.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"

namespace rush::python {

void add_reduce_rows() {
  const Rows rows("torch");
  rows.add("sum(input, dim=None, keepdim=False, *, dtype=None)",
           [](const Tensor& x, const Axes& axes, bool keepdim, std::optional<DType> t) {
             return sum(x, axes, keepdim, t);
           });
  rows.add(
      "randn(*size, generator=None, dtype=None)",
      [](const Dims& size, Generator* g, std::optional<DType> t) {
        return normal_(empty(size, t), 0, 1, g);
      },
      kFactory);
}

}  // namespace rush::python
