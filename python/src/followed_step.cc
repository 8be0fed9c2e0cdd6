#include "followed_step.h"

#include <unordered_set>
#include <vector>

#include "autograd.h"
#include "convert.h"
#include "rush/core/node.h"

namespace rush::python {

StepFollower::StepFollower(PyObject* advance, PyObject* undo)
    : advance_(Py_NewRef(advance)), undo_(Py_NewRef(undo)) {}

StepFollower::~StepFollower() {
  const WithGil gil;
  Py_DECREF(advance_);
  Py_DECREF(undo_);
}

void StepFollower::advance(void* attrs) const {
  const WithGil gil;
  t_attributes_only = attrs;
  const Object done(PyObject_CallNoArgs(advance_));
  t_attributes_only = nullptr;
  if (!done.get()) throw PythonError();
}

void StepFollower::undo() const {
  const WithGil gil;
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);  // of what made the run fail
  const Object done(PyObject_CallNoArgs(undo_));
  if (!done.get()) PyErr_WriteUnraisable(undo_);
  PyErr_Restore(type, value, traceback);
}

namespace {

// follow_step(advance, undo): for the next call of an engine's step in this trace.
PyObject* follow_step(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *advance, *undo;
    if (!PyArg_ParseTuple(args, "OO", &advance, &undo)) throw PythonError();
    t_follower = std::make_shared<StepFollower>(advance, undo);
    Py_RETURN_NONE;
  });
}

PyObject* is_tracing(PyObject*, PyObject*) { return PyBool_FromLong(t_observer != nullptr); }

// hidden(function, *arguments): a call that a trace does not see.
PyObject* hidden(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    if (PyTuple_GET_SIZE(args) == 0) fail("hidden: wants a function");
    const Object rest(checked(PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args))));
    const Unobserved off;
    return checked(PyObject_CallObject(PyTuple_GET_ITEM(args, 0), rest.get()));
  });
}

// refuse_in_trace(what, advice): raises inside a traced function, is nothing elsewhere.
PyObject* refuse_in_trace(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    const char *what, *advice;
    if (!PyArg_ParseTuple(args, "ss", &what, &advice)) throw PythonError();
    if (t_observer) t_observer->refuse(what, advice);
    Py_RETURN_NONE;
  });
}

// Whether a node that the tensor's gradient needs was freed by a walk backward.
PyObject* is_spent(PyObject*, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(tensor)) fail<TypeError>("is_spent: expected a Tensor");
    const Tensor& t = tensor_of(tensor);
    std::vector<const Node*> open;
    std::unordered_set<const Node*> seen;
    if (t.requires_grad()) open.push_back(t.body().edge.node());
    while (!open.empty()) {
      const Node* n = open.back();
      open.pop_back();
      if (n->is_released) Py_RETURN_TRUE;
      for (const Edge& e : n->inputs)
        if (e && seen.insert(e.node()).second) open.push_back(e.node());
    }
    Py_RETURN_FALSE;
  });
}

}  // namespace

PyMethodDef kFollowMethods[] = {
    {"follow_step", follow_step, METH_VARARGS, "What a plan does for the next step it traces."},
    {"is_tracing", is_tracing, METH_NOARGS, "Whether this thread is traced by compile()."},
    {"hidden", hidden, METH_VARARGS, "Calls a function out of sight of a trace."},
    {"refuse_in_trace", refuse_in_trace, METH_VARARGS, "Raises if a trace is being made."},
    {"is_spent", is_spent, METH_O, "Whether going backward has freed what a gradient needs."},
    {}};

}  // namespace rush::python
