#include "rush/data/sha256.h"

#include <gtest/gtest.h>

namespace rush::data {
namespace {

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  for (size_t n = 50; n < 70; ++n) {  // around the length where the padding needs a block more
    Sha256 pieces;
    for (size_t i = 0; i < n; ++i) pieces.update("x", 1);
    EXPECT_EQ(pieces.hex(), sha256(std::string(n, 'x')));
  }
}

}  // namespace
}  // namespace rush::data
