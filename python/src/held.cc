#include "held.h"

#include <unordered_set>
#include <utility>

#include "rush/base/error.h"

namespace rush::python {

struct Held::Slot {
  PyObject* object;
};

namespace {

// The slots that are emptied at the end; the lock guards it. Never destroyed.
template <typename Slot>
std::unordered_set<Slot*>& callbacks() {
  static auto* all = new std::unordered_set<Slot*>;
  return *all;
}

bool is_interpreter_alive() {
#if PY_VERSION_HEX >= 0x030d0000
  return Py_IsInitialized() && !Py_IsFinalizing();
#else
  return Py_IsInitialized() && !_Py_IsFinalizing();
#endif
}

}  // namespace

Held::Held(PyObject* o, AtExit at_exit) : slot_(new Slot{Py_NewRef(o)}, release) {
  if (at_exit == AtExit::kLetGo) callbacks<Slot>().insert(slot_.get());
}

PyObject* Held::get() const {
  if (!slot_->object) fail("a callback was called after the end of the program");
  return slot_->object;
}

void Held::release(Slot* slot) {
  const std::unique_ptr<Slot> owned(slot);
  if (!is_interpreter_alive()) return;
  const WithGil lock;
  callbacks<Slot>().erase(slot);
  Py_XDECREF(slot->object);
}

void let_go_of_callbacks() {
  auto& all = callbacks<Held::Slot>();
  while (!all.empty()) {
    Held::Slot* slot = *all.begin();
    all.erase(all.begin());
    PyObject* object = std::exchange(slot->object, nullptr);  // whose end may change the set
    Py_XDECREF(object);
  }
}

void make_held() {
  static PyMethodDef method = {"_let_go_of_callbacks",
                               [](PyObject*, PyObject*) {
                                 let_go_of_callbacks();
                                 return Py_NewRef(Py_None);
                               },
                               METH_NOARGS, nullptr};
  const Object function(checked(PyCFunction_New(&method, nullptr)));
  const Object atexit(checked(PyImport_ImportModule("atexit")));
  Object(checked(PyObject_CallMethod(atexit.get(), "register", "O", function.get())));
}

}  // namespace rush::python
