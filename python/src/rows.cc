#include "rows.h"

namespace rush::python {

void add_all_rows() {
  add_autograd_rows();
  add_construct_rows();
  add_elementwise_rows();
  add_option_rows();
  add_recurrent_rows();
  add_reduce_rows();
  add_movement_rows();
  add_join_rows();
  add_create_rows();
  add_random_rows();
  add_convert_rows();
  add_method_rows();
  add_write_rows();
}

}  // namespace rush::python
