// A call's arguments fitted to the parameters of one overload.
#pragma once

#include <array>
#include <string>

#include "function.h"

namespace rush::python {

constexpr size_t kMaxParameters = 24;

// Keywords that are no parameters of the C++ function.
struct Extras {
  PyObject* out = nullptr;
  bool requires_grad = false;
};

// Fits a call's arguments to the parameters of one overload; `why` says what did not fit.
class Binding {
 public:
  Binding(const Overload& overload, PyObject* const* args, size_t count, PyObject* keywords)
      : overload_(overload), parameters_(overload.parameters) {
    is_fit_ = bind_positional(args, count) && bind_keywords(args + count, keywords) && fill();
  }
  explicit operator bool() const { return is_fit_; }
  PyObject** values() { return values_.data(); }
  size_t size() const { return parameters_.size(); }
  const Extras& extras() const { return extras_; }
  const std::string& why() const { return why_; }

 private:
  bool bind_positional(PyObject* const* args, size_t count);
  bool bind_keywords(PyObject* const* args, PyObject* keywords);
  bool fill();

  const Overload& overload_;
  const std::vector<Parameter>& parameters_;
  std::array<PyObject*, kMaxParameters> values_{};
  Object rest_;
  Extras extras_;
  std::string why_;
  bool is_fit_ = false;
};

}  // namespace rush::python
