// Errors in both directions: C++ exceptions become Python's, a Python error travels through C++.
#pragma once

#include <Python.h>

#include <exception>

namespace rush::python {

// A Python error is set; C++ code between two Python frames is left by this.
struct PythonError : std::exception {
  const char* what() const noexcept override { return "an error of Python is set"; }
};

// Sets the Python error for the exception being handled.
void set_error_from_exception() noexcept;
// Throws when a Python call gave null.
template <typename T>
T* checked(T* object) {
  if (!object) throw PythonError();
  return object;
}
void make_errors(PyObject* module);

// Runs `body`; an exception becomes a Python error and null.
template <typename F>
PyObject* guarded(F&& body) noexcept {
  try {
    return body();
  } catch (...) {
    set_error_from_exception();
    return nullptr;
  }
}
template <typename F>
int guarded_int(F&& body) noexcept {
  try {
    return body();
  } catch (...) {
    set_error_from_exception();
    return -1;
  }
}

// Owns one reference.
class Object {
 public:
  Object() = default;
  explicit Object(PyObject* stolen) : o_(stolen) {}
  static Object borrow(PyObject* o) {
    Py_XINCREF(o);
    return Object(o);
  }
  Object(const Object& o) : o_(o.o_) { Py_XINCREF(o_); }
  Object(Object&& o) noexcept : o_(o.release()) {}
  Object& operator=(Object o) noexcept {
    PyObject* mine = o_;
    o_ = o.o_;
    o.o_ = mine;
    return *this;
  }
  ~Object() { Py_XDECREF(o_); }
  PyObject* get() const { return o_; }
  PyObject* release() {
    PyObject* o = o_;
    o_ = nullptr;
    return o;
  }
  explicit operator bool() const { return o_ != nullptr; }

 private:
  PyObject* o_ = nullptr;
};

// The interpreter's lock is given up while one lives, and taken again.
class WithoutGil {
 public:
  explicit WithoutGil(bool on = true) : state_(on ? PyEval_SaveThread() : nullptr) {}
  ~WithoutGil() {
    if (state_) PyEval_RestoreThread(state_);
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};
class WithGil {
 public:
  WithGil() : state_(PyGILState_Ensure()) {}
  ~WithGil() { PyGILState_Release(state_); }
  WithGil(const WithGil&) = delete;
  WithGil& operator=(const WithGil&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace rush::python
