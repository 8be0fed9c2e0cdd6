// What the files of the indexing kernels share.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

[[noreturn, gnu::cold, gnu::noinline]] void bad_index(const char* op, int64_t index, int axis,
                                                      int64_t size);

void add_gather(Table&);
void add_embedding(Table&);
void add_search(Table&);

}  // namespace rush::kernels::cpu
