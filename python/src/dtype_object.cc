#include "dtype_object.h"

#include <string>

#include "construct.h"
#include "errors.h"

namespace rush::python {
namespace {

struct DTypeObject {
  PyObject_HEAD DType dtype;
};
PyTypeObject* dtype_type = nullptr;
PyObject* objects[kDTypeCount] = {};
std::string module_name = "rushlight";

DType type_of(PyObject* o) { return reinterpret_cast<DTypeObject*>(o)->dtype; }

PyObject* repr(PyObject* o) {
  const std::string text = module_name + "." + to_text(type_of(o));
  return PyUnicode_FromString(text.c_str());
}
PyObject* reduce(PyObject* o, PyObject*) {
  const Object module(PyImport_ImportModule("rushlight._C"));
  const Object get(module ? PyObject_GetAttrString(module.get(), "_dtype") : nullptr);
  return get ? Py_BuildValue("O(s)", get.get(), to_text(type_of(o)).c_str()) : nullptr;
}
PyObject* is_floating_point(PyObject* o, void*) { return PyBool_FromLong(is_floating(type_of(o))); }
PyObject* is_complex(PyObject*, void*) { Py_RETURN_FALSE; }
PyObject* is_signed(PyObject* o, void*) {
  return PyBool_FromLong(type_of(o) != DType::kUInt8 && type_of(o) != DType::kBool);
}
PyObject* item_size(PyObject* o, void*) { return PyLong_FromSize_t(size_of(type_of(o))); }

PyObject* set_printed_module(PyObject*, PyObject* name) {
  const char* text = PyUnicode_AsUTF8(name);
  if (!text) return nullptr;
  module_name = text;
  Py_RETURN_NONE;
}
PyObject* get_printed_module(PyObject*, PyObject*) {
  return PyUnicode_FromString(module_name.c_str());
}

// dtype("float32") and dtype(x.dtype): for pickling and for looking one up by name.
PyObject* by_name(PyObject*, PyObject* name) {
  return guarded([&]() -> PyObject* {
    return Py_NewRef(dtype_object(dtype_from_name(checked(PyUnicode_AsUTF8(name)))));
  });
}

}  // namespace

const char* printed_module() { return module_name.c_str(); }
PyObject* dtype_object(DType t) { return objects[static_cast<int>(t)]; }

std::optional<DType> dtype_of_object(PyObject* o) {
  if (Py_TYPE(o) == dtype_type) return type_of(o);
  if (o == reinterpret_cast<PyObject*>(&PyFloat_Type)) return DType::kFloat64;
  if (o == reinterpret_cast<PyObject*>(&PyLong_Type)) return DType::kInt64;
  if (o == reinterpret_cast<PyObject*>(&PyBool_Type)) return DType::kBool;
  return {};
}

void make_dtype_type(PyObject* module) {
  static PyGetSetDef properties[] = {
      {"is_floating_point", is_floating_point, nullptr, "Whether it has fractions.", nullptr},
      {"is_complex", is_complex, nullptr, "False.", nullptr},
      {"is_signed", is_signed, nullptr, "Whether it has negative numbers.", nullptr},
      {"itemsize", item_size, nullptr, "Bytes of an element.", nullptr},
      {}};
  static PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
  static PyType_Slot slots[] = {{Py_tp_repr, reinterpret_cast<void*>(repr)},
                                {Py_tp_getset, properties},
                                {Py_tp_methods, methods},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight.dtype", sizeof(DTypeObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  dtype_type = reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpec(&spec)));
  const auto add = [&](const std::string& name, PyObject* o) {
    if (PyModule_AddObjectRef(module, name.c_str(), o) < 0) throw PythonError();
  };
  add("dtype", reinterpret_cast<PyObject*>(dtype_type));
  for (int i = 0; i < kDTypeCount; ++i) {
    auto* o = checked(PyObject_New(DTypeObject, dtype_type));
    o->dtype = static_cast<DType>(i);
    objects[i] = reinterpret_cast<PyObject*>(o);
    add(to_text(o->dtype), objects[i]);
  }
  static PyMethodDef functions[] = {{"_set_printed_module", set_printed_module, METH_O,
                                     "The name before the dot in printed dtypes and sizes."},
                                    {"_printed_module", get_printed_module, METH_NOARGS, nullptr},
                                    {"_dtype", by_name, METH_O, "The dtype of a name."},
                                    {}};
  if (PyModule_AddFunctions(module, functions) < 0) throw PythonError();
}

}  // namespace rush::python
