// Zip archives in memory, as far as .npz files need them: stored and deflated entries, with the
// 64-bit fields that NumPy writes. No encryption, no several disks.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rush::io {

using ZipEntries = std::vector<std::pair<std::string, std::string>>;  // name, content

// All entries, checked by length and CRC-32. IoError beginning with `where` when anything is wrong.
ZipEntries read_zip(const std::string& where, std::string_view archive);

// The archive as a string. Error when an entry or the whole is 4 GiB or more.
std::string write_zip(const ZipEntries& entries, bool compress);

}  // namespace rush::io
