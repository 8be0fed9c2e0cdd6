#include "tensor_object.h"

#include <structmember.h>

#include "dtype_object.h"
#include "errors.h"
#include "operators.h"
#include "properties.h"
#include "subscript.h"

namespace rush::python {

PyTypeObject* tensor_type = nullptr;

namespace {

TensorObject* object_of(PyObject* o) { return reinterpret_cast<TensorObject*>(o); }

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(object_of(self)->dict);
  Py_VISIT(Py_TYPE(self));
  return 0;
}

int clear(PyObject* self) {
  Py_CLEAR(object_of(self)->dict);
  return 0;
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (object_of(self)->weak_references) PyObject_ClearWeakRefs(self);
  Py_CLEAR(object_of(self)->dict);
  object_of(self)->tensor.~Tensor();
  type->tp_free(self);
  Py_DECREF(type);
}

// Subclasses: wrap_as() without going through __init__; the arguments are what their __init__ and
// __new__ make of them. A Tensor of its own takes sizes or data, as torch.Tensor does.
PyObject* create(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  return guarded([&] { return wrap_as(type, tensor_from_arguments(args, keywords)); });
}

// The tensor's memory as a leaf of a subclass: what Parameter is made with.
PyObject* make_subclass(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    if (count < 2 || count > 3 || !PyType_Check(args[0]) || !is_tensor(args[1]) ||
        !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(args[0]), tensor_type))
      fail<TypeError>("_make_subclass: expected a subclass of Tensor, a Tensor and a bool");
    const Tensor leaf = tensor_of(args[1]).detach();
    const int is_wanted = count == 3 ? PyObject_IsTrue(args[2]) : 0;
    if (is_wanted < 0) throw PythonError();
    if (is_wanted) leaf.requires_grad_();
    return wrap_as(reinterpret_cast<PyTypeObject*>(args[0]), leaf);
  });
}

// The same tensor, history and all, as an object of another class.
PyObject* as_subclass(PyObject* self, PyObject* type) {
  return guarded([&]() -> PyObject* {
    if (!PyType_Check(type) ||
        !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), tensor_type))
      fail<TypeError>("as_subclass: expected a subclass of Tensor");
    return wrap_as(reinterpret_cast<PyTypeObject*>(type), object_of(self)->tensor);
  });
}

int initialise(PyObject*, PyObject*, PyObject*) { return 0; }  // all is done in create()

Py_hash_t hash(PyObject* self) {
  const auto address = reinterpret_cast<uintptr_t>(object_of(self)->tensor.body_ref().get());
  return static_cast<Py_hash_t>(address >> 4);
}

}  // namespace

PyObject* wrap_as(PyTypeObject* type, Tensor t) {
  if (!t.defined()) return Py_NewRef(Py_None);
  PyObject* o = checked(type->tp_alloc(type, 0));
  new (&object_of(o)->tensor) Tensor(std::move(t));
  return o;
}

PyObject* wrap(Tensor t) { return wrap_as(tensor_type, std::move(t)); }

void make_tensor_type(PyObject* module) {
  make_size_type(module);
  static PyMemberDef members[] = {
      {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
      {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weak_references), READONLY,
       nullptr},
      {}};
  static PyMethodDef methods[] = {
      {"_make_subclass", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(make_subclass)),
       METH_FASTCALL | METH_STATIC, "A leaf of a subclass over the memory of a tensor."},
      {"as_subclass", as_subclass, METH_O, "The same tensor as an object of a subclass."},
      {}};
  std::vector<PyType_Slot> slots = {{Py_tp_methods, methods},
                                    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                                    {Py_tp_clear, reinterpret_cast<void*>(clear)},
                                    {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                                    {Py_tp_new, reinterpret_cast<void*>(create)},
                                    {Py_tp_init, reinterpret_cast<void*>(initialise)},
                                    {Py_tp_hash, reinterpret_cast<void*>(hash)},
                                    {Py_tp_members, members},
                                    {Py_tp_getset, tensor_properties()}};
  add_operator_slots(slots);
  add_subscript_slots(slots);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"rushlight.Tensor", sizeof(TensorObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  tensor_type = reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpec(&spec)));
  if (PyModule_AddObjectRef(module, "Tensor", reinterpret_cast<PyObject*>(tensor_type)) < 0)
    throw PythonError();
}

}  // namespace rush::python
