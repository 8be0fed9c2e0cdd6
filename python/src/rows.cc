#include "rows.h"

namespace rush::python {

void add_all_rows() {
  add_elementwise_rows();
  add_reduce_rows();
}

}  // namespace rush::python
