// Dictionaries of arrays as numpy.save(path, {"w": w, ...}) writes them: an .npy file whose one
// element is a pickled dict. A pickle is a program; this reader knows only the few instructions
// that such a file needs, calls nothing, and refuses everything else by name.
#pragma once

#include <string>

#include "rush/tensor/state.h"

namespace rush::io {

State load_npy_dict(const std::string& path);

namespace detail {
// The pickle itself; `where` begins error texts.
State parse_array_dict(const std::string& where, std::string_view pickle);
}  // namespace detail

}  // namespace rush::io
