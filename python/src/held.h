// A Python object that C++ code keeps: in a hook, in the gradient of a custom Function, as the
// owner of memory. It may be let go of on any thread, with the interpreter's lock or without.
#pragma once

#include <Python.h>

#include <memory>

#include "errors.h"

namespace rush::python {

// Callbacks refer to their module, whose variables may hold the tensors that hold the callback: the
// collector cannot see such circles through C++, so callbacks are let go of when the program ends.
enum class AtExit { kLetGo, kKeep };

class Held {
 public:
  // Requires: the lock.
  explicit Held(PyObject* o, AtExit at_exit = AtExit::kLetGo);
  PyObject* get() const;  // Error when the program is ending and the object is gone

 private:
  struct Slot;
  static void release(Slot* slot);
  friend void let_go_of_callbacks();
  std::shared_ptr<Slot> slot_;
};

// Called once, when the module is made.
void make_held();

}  // namespace rush::python
