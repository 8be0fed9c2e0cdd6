// NumPy's files: .npy holds one tensor, .npz several by name (a zip of .npy files). Files are
// untrusted: nothing is executed (pickled objects are refused), sizes are checked against the
// file's length before memory is asked for. bfloat16 has no NumPy type and is refused.
#pragma once

#include <string>

#include "rush/tensor/state.h"

namespace rush::io {

// C and Fortran order and both byte orders are read; C order, little-endian is written.
Tensor load_npy(const std::string& path);
void save_npy(const std::string& path, const Tensor& tensor);

struct NpzOptions {
  bool compress = false;  // deflate, as numpy.savez_compressed
};
State load_npz(const std::string& path);
void save_npz(const std::string& path, const State& state, const NpzOptions& options = {});

namespace detail {
// One .npy file in memory; `where` begins error texts.
Tensor parse_npy(const std::string& where, std::string_view content);
// Where the pickle of an .npy file begins that holds one Python object. IoError for other files.
size_t object_data(const std::string& where, std::string_view content);
std::string npy_header(const std::string& where, const Tensor& tensor);
}  // namespace detail

}  // namespace rush::io
