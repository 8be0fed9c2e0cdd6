// The text of a row taken apart: "softmax(input, dim, *, dtype=None)".
#pragma once

#include <string_view>

#include "function.h"

namespace rush::python {

// std::logic_error where the text and the parameters of its function do not fit.
Overload parse_signature(std::string_view text, const std::vector<const char*>& types);

// The parameter of this name or of the name NumPy has for it; -1: none.
int find_parameter(const Overload& overload, std::string_view name);

// "softmax(input: Tensor, dim: int, *, dtype: Optional[dtype] = None)"
std::string typed_text(const Overload& overload);

// The doc line of the op's record; null when there is none.
const char* doc_of_op(const std::string& name);

}  // namespace rush::python
