// A Python object that C++ code keeps: in a hook, in the gradient of a custom Function, as the
// owner of memory. It may be let go of on any thread, with the interpreter's lock or without.
#pragma once

#include <Python.h>

#include <memory>

#include "errors.h"

namespace rush::python {

class Held {
 public:
  // Requires: the lock.
  explicit Held(PyObject* o) : o_(Py_NewRef(o), release) {}
  PyObject* get() const { return o_.get(); }

 private:
  static void release(PyObject* o) {
    if (!is_interpreter_alive()) return;
    const WithGil lock;
    Py_DECREF(o);
  }
  static bool is_interpreter_alive();
  std::shared_ptr<PyObject> o_;
};

}  // namespace rush::python
