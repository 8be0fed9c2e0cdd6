// For tests: the text of the error that a call ends with.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "rush/base/error.h"

namespace rush {

// "no error" when f returns; other types of error say so.
template <typename E = Error, typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another type of error: ") + e.what();
  }
  return "no error";
}

// Expects an E whose text has every one of `parts`.
template <typename E = Error, typename F>
void expect_error(F&& f, std::initializer_list<const char*> parts) {
  const std::string text = error_of<E>(f);
  EXPECT_NE(text, "no error");
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << text;
}

}  // namespace rush
