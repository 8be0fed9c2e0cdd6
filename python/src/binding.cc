#include "binding.h"

#include <cstring>

#include "modes.h"
#include "signature.h"

namespace rush::python {
namespace {

bool load_extra(const Overload& overload, PyObject* keyword, PyObject* value, Extras& extras) {
  const char* name = PyUnicode_AsUTF8(keyword);
  if (std::strcmp(name, "out") == 0) {
    extras.out = value == Py_None ? nullptr : value;
    return true;
  }
  if (!(overload.flags & kFactory)) return false;
  if (std::strcmp(name, "requires_grad") == 0) {
    extras.requires_grad = PyObject_IsTrue(value) == 1;
    return true;
  }
  if (std::strcmp(name, "device") == 0) {
    check_device(value);
    return true;
  }
  return std::strcmp(name, "layout") == 0 || std::strcmp(name, "pin_memory") == 0 ||
         std::strcmp(name, "memory_format") == 0 || std::strcmp(name, "names") == 0;
}

}  // namespace

bool Binding::bind_positional(PyObject* const* args, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (i >= overload_.positional) {
      why_ = "takes " + std::to_string(overload_.positional) + " positional arguments, got " +
             std::to_string(count);
      return false;
    }
    if (parameters_[i].takes_rest) {
      const bool is_list = PyTuple_Check(args[i]) || PyList_Check(args[i]) ||
                           (is_tensor(args[i]) && !parameters_[i].takes_tensors());
      if (is_list && count == i + 1) {
        values_[i] = args[i];
      } else {
        rest_ = Object(checked(PyTuple_New(static_cast<Py_ssize_t>(count - i))));
        for (size_t k = i; k < count; ++k)
          PyTuple_SET_ITEM(rest_.get(), static_cast<Py_ssize_t>(k - i), Py_NewRef(args[k]));
        values_[i] = rest_.get();
      }
      return true;
    }
    values_[i] = args[i];
  }
  return true;
}

bool Binding::bind_keywords(PyObject* const* args, PyObject* keywords) {
  if (!keywords) return true;
  const Py_ssize_t count = PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t k = 0; k < count; ++k) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, k);
    const int at = find_parameter(overload_, PyUnicode_AsUTF8(keyword));
    if (at < 0) {
      if (load_extra(overload_, keyword, args[k], extras_)) continue;
      why_ = std::string("has no parameter '") + PyUnicode_AsUTF8(keyword) + "'";
      return false;
    }
    if (values_[static_cast<size_t>(at)]) {
      why_ = "got '" + parameters_[static_cast<size_t>(at)].name + "' twice";
      return false;
    }
    values_[static_cast<size_t>(at)] = args[k];
  }
  return true;
}

bool Binding::fill() {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (values_[i]) continue;
    values_[i] = parameters_[i].default_value.get();
    if (values_[i]) continue;
    if (parameters_[i].takes_rest) {  // x.repeat(): nothing to list
      rest_ = Object(checked(PyTuple_New(0)));
      values_[i] = rest_.get();
      continue;
    }
    why_ = "lacks '" + parameters_[i].name + "'";
    return false;
  }
  return true;
}

}  // namespace rush::python
