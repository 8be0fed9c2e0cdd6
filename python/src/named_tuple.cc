// Results with named parts: tuples whose items have names, printed as PyTorch prints them.
#include "convert.h"

namespace rush::python {
namespace {

std::vector<const NamedTuple*>& all_types() {
  static std::vector<const NamedTuple*> types;
  return types;
}

const NamedTuple& type_of(PyObject* o) {
  for (const NamedTuple* t : all_types())
    if (t->type() == Py_TYPE(o)) return *t;
  fail("return_types: ", Py_TYPE(o)->tp_name, " is none of them");
}

// torch.return_types.max(
// values=tensor(3),
// indices=tensor(1))
PyObject* repr(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const NamedTuple& type = type_of(o);
    std::string text = std::string(printed_module()) + ".return_types." + type.name() + "(";
    for (size_t i = 0; type.fields()[i].name; ++i) {
      const Object part(checked(PyObject_Repr(PyTuple_GET_ITEM(o, static_cast<Py_ssize_t>(i)))));
      text += std::string(i ? ",\n" : "\n") + type.fields()[i].name + "=" +
              checked(PyUnicode_AsUTF8(part.get()));
    }
    return to_python(text + ")");
  });
}

}  // namespace

NamedTuple::NamedTuple(const char* name, std::initializer_list<const char*> fields) : name_(name) {
  for (const char* field : fields) fields_.push_back({field, nullptr});
  fields_.push_back({nullptr, nullptr});
  all_types().push_back(this);
}

PyTypeObject* NamedTuple::type() const {
  if (type_) return type_;
  static std::vector<std::string*> kept;  // the type points to its name
  auto* full = kept.emplace_back(new std::string("rushlight.return_types." + name_));
  PyStructSequence_Desc description{.name = full->c_str(),
                                    .doc = nullptr,
                                    .fields = const_cast<PyStructSequence_Field*>(fields_.data()),
                                    .n_in_sequence = static_cast<int>(fields_.size()) - 1};
  type_ = checked(PyStructSequence_NewType(&description));
  type_->tp_repr = repr;
  return type_;
}

PyObject* NamedTuple::of(std::initializer_list<PyObject*> parts) const {
  PyObject* tuple = checked(PyStructSequence_New(type()));
  Py_ssize_t i = 0;
  for (PyObject* part : parts) PyStructSequence_SetItem(tuple, i++, part);
  return tuple;
}

PyObject* to_python(NamedTuple::Parts parts) {
  Object tuple(checked(PyStructSequence_New(parts.type->type())));
  Py_ssize_t i = 0;
  for (Tensor& part : parts.tensors)
    PyStructSequence_SetItem(tuple.get(), i++, wrap(std::move(part)));
  return tuple.release();
}

void make_return_types(PyObject* module) {
  Object made(checked(PyModule_New("rushlight.return_types")));
  for (const NamedTuple* t : all_types())
    if (PyModule_AddObjectRef(made.get(), t->name().c_str(),
                              reinterpret_cast<PyObject*>(t->type())) < 0)
      throw PythonError();
  if (PyDict_SetItemString(PyImport_GetModuleDict(), "rushlight.return_types", made.get()) < 0 ||
      PyModule_AddObjectRef(module, "return_types", made.get()) < 0)
    throw PythonError();
}

}  // namespace rush::python
