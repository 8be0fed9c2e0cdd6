// The tables of functions, a file a family.
#pragma once

namespace rush::python {

void add_elementwise_rows();
void add_reduce_rows();

void add_all_rows();

}  // namespace rush::python
