// Views of a copy, seen in the original.
#pragma once

#include <optional>

#include "rush/tensor/layout.h"

namespace rush::graph {

// `copy` and `original` show the same elements, the copy dense and from offset 0. Returns `view`, a
// layout within the copy's memory, as a layout in the original's, where strides can express that.
std::optional<Layout> compose_layout(const Layout& view, const Layout& copy,
                                     const Layout& original);

}  // namespace rush::graph
