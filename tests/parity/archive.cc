// Row-major bytes, one tensor after another.
#include "tests/parity/archive.h"

#include "rush/ops/cases/inputs.h"

namespace rush::parity {

Archive::Archive(const std::string& path) : out_(path, std::ios::binary), path_(path) {}

nlohmann::json Archive::add(const Tensor& t) {
  if (!t.defined()) return nullptr;
  const Tensor plain = testing::converted(t, t.dtype());
  const int64_t bytes = plain.numel() * static_cast<int64_t>(size_of(plain.dtype()));
  if (bytes > 0) out_.write(static_cast<const char*>(plain.raw()), bytes);
  nlohmann::json entry = {{"dtype", name_of(t.dtype())},
                          {"shape", t.shape().vec()},
                          {"at", at_},
                          {"grad", t.requires_grad()}};
  at_ += bytes;
  return entry;
}

nlohmann::json Archive::add(const Tensors& ts) {
  nlohmann::json all = nlohmann::json::array();
  for (const Tensor& t : ts) all.push_back(add(t));
  return all;
}

void Archive::close() {
  out_.close();
  if (!out_) fail<IoError>("parity: cannot write ", path_);
}

}  // namespace rush::parity
