// Errors are part of the interface: five types, one way to raise them. A text reads
// `op: rule; what came`, e.g. `matmul: inner sizes differ: a is [64, 784], b is [800, 10]`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace rush {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ShapeError : Error {
  using Error::Error;
};
struct TypeError : Error {
  using Error::Error;
};
struct IndexError : Error {
  using Error::Error;
};
struct IoError : Error {
  using Error::Error;
};

// One piece of an error text: anything with a to_text(), a number or a string.
class Part {
 public:
  Part(const char* s) : text_(s) {}
  Part(std::string s) : text_(std::move(s)) {}
  Part(std::string_view s) : text_(s) {}
  Part(char c) : text_(1, c) {}
  Part(bool b) : text_(b ? "true" : "false") {}
  Part(double v);
  template <typename T>
  requires(std::is_integral_v<T>) Part(T v) : text_(std::to_string(v)) {}
  template <typename T>
  requires requires(const T& v) { to_text(v); }
  Part(const T& v) : text_(to_text(v)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string concat(std::initializer_list<Part> parts);

// Raises E with the parts joined: fail<ShapeError>("matmul: inner sizes differ: a is ", a, ...).
template <typename E = Error, typename... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  throw E(concat({Part(parts)...}));
}

}  // namespace rush
