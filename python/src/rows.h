// The tables of functions, a file a family.
#pragma once

namespace rush::python {

void add_autograd_rows();
void add_construct_rows();
void add_elementwise_rows();
void add_option_rows();
void add_recurrent_rows();
void add_reduce_rows();
void add_movement_rows();
void add_join_rows();
void add_create_rows();
void add_random_rows();
void add_convert_rows();
void add_method_rows();
void add_write_rows();

void add_all_rows();

}  // namespace rush::python
