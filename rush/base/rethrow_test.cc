#include "rush/base/rethrow.h"

#include <gtest/gtest.h>

#include "rush/base/error.h"

namespace rush {
namespace {

template <typename E>
void keeps_type() {
  try {
    try {
      throw E("too long");
    } catch (const Error&) {
      rethrow_from("layer 3");
    }
  } catch (const E& e) {
    EXPECT_EQ(typeid(e), typeid(E));
    EXPECT_STREQ(e.what(), "layer 3: too long");
    return;
  } catch (...) {
  }
  ADD_FAILURE() << "the type was lost";
}

TEST(Rethrow, KeepsTypesAndNamesThePlace) {
  keeps_type<Error>();
  keeps_type<ShapeError>();
  keeps_type<TypeError>();
  keeps_type<IndexError>();
  keeps_type<IoError>();
}

}  // namespace
}  // namespace rush
