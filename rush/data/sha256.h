// SHA-256 (FIPS 180-4), to check downloads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rush::data {

class Sha256 {
 public:
  void update(const void* data, size_t n);
  std::string hex();  // of all bytes so far; the object is used up

 private:
  void block(const uint8_t* p);
  std::array<uint32_t, 8> h_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> tail_{};
  uint64_t length_ = 0;
};

std::string sha256(std::string_view data);
std::string sha256_of_file(const std::string& path);

}  // namespace rush::data
