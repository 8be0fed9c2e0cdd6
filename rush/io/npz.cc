#include <cstdint>

#include "rush/base/file.h"
#include "rush/io/npy.h"
#include "rush/io/zip.h"

namespace rush::io {
namespace {

constexpr std::string_view kEnding = ".npy";

}  // namespace

State load_npz(const std::string& path) {
  const std::string where = "npz: " + path + ": ";
  const std::string content = read_file("npz", path, UINT64_MAX);
  State state;
  for (const auto& [name, bytes] : read_zip(where, content)) {
    const bool is_npy = name.size() > kEnding.size() &&
                        name.compare(name.size() - kEnding.size(), kEnding.size(), kEnding) == 0;
    if (!is_npy) fail<IoError>(where, "the entry ", name, " is no .npy file");
    state.emplace_back(name.substr(0, name.size() - kEnding.size()),
                       detail::parse_npy(where + name + ": ", bytes));
  }
  return state;
}

void save_npz(const std::string& path, const State& state, const NpzOptions& options) {
  ZipEntries entries;
  for (const auto& [name, tensor] : state) {
    const Tensor dense = tensor.detach().contiguous();
    std::string bytes = detail::npy_header("npz: " + name + ": ", dense);
    bytes.append(static_cast<const char*>(dense.raw()),
                 static_cast<size_t>(dense.numel()) * size_of(dense.dtype()));
    entries.emplace_back(name + std::string(kEnding), std::move(bytes));
  }
  write_file("npz", path, write_zip(entries, options.compress));
}

}  // namespace rush::io
