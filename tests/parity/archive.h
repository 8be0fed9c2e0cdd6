// Tensors for the judge: their bytes in one file, what they are in JSON.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "rush/core/op.h"

namespace rush::parity {

class Archive {
 public:
  explicit Archive(const std::string& path);
  // {"dtype", "shape", "at", "grad"}; null for an undefined tensor.
  nlohmann::json add(const Tensor& t);
  nlohmann::json add(const Tensors& ts);
  void close();  // IoError when something could not be written

 private:
  std::ofstream out_;
  std::string path_;
  int64_t at_ = 0;
};

}  // namespace rush::parity
