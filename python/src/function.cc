#include "function.h"

#include <structmember.h>

#include <cstring>
#include <deque>
#include <map>
#include <stdexcept>

#include "modes.h"
#include "rush/core/apply.h"
#include "signature.h"

namespace rush::python {
namespace {

// All signatures of one name, and in which form they are called.
struct Function {
  std::string name, doc;
  std::vector<const Overload*> overloads;
  bool in_place = false;
};

struct FunctionObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  const Function* function;
};
PyTypeObject* function_type = nullptr;

constexpr size_t kMaxParameters = 24;

// Keywords that are no parameters of the C++ function.
struct Extras {
  PyObject* out = nullptr;
  bool requires_grad = false;
};

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
  bool bind_positional(PyObject* const* args, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (i >= overload_.positional) {
        why_ = "takes " + std::to_string(overload_.positional) + " positional arguments, got " +
               std::to_string(count);
        return false;
      }
      if (parameters_[i].takes_rest) {
        const bool is_list = PyTuple_Check(args[i]) || PyList_Check(args[i]) || is_tensor(args[i]);
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

  bool bind_keywords(PyObject* const* args, PyObject* keywords) {
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

  bool fill() {
    for (size_t i = 0; i < parameters_.size(); ++i) {
      if (values_[i]) continue;
      values_[i] = parameters_[i].default_value.get();
      if (values_[i]) continue;
      if (parameters_[i].takes_rest) {  // x.new_zeros(): no sizes
        rest_ = Object(checked(PyTuple_New(0)));
        values_[i] = rest_.get();
        continue;
      }
      why_ = "lacks '" + parameters_[i].name + "'";
      return false;
    }
    return true;
  }

  const Overload& overload_;
  const std::vector<Parameter>& parameters_;
  std::array<PyObject*, kMaxParameters> values_{};
  Object rest_;
  Extras extras_;
  std::string why_;
  bool is_fit_ = false;
};

void write_out(const char* name, PyObject* out, PyObject* result) {
  if (PyTuple_Check(result)) {
    if (!PyTuple_Check(out) && !PyList_Check(out))
      fail<TypeError>(name, ": out must be a tuple of tensors, as the result is");
    const Py_ssize_t count = PySequence_Size(result);
    if (PySequence_Size(out) != count)
      fail<ShapeError>(name, ": out must have ", count, " tensors");
    for (Py_ssize_t i = 0; i < count; ++i)
      write_out(name, PySequence_Fast_GET_ITEM(out, i), PyTuple_GET_ITEM(result, i));
    return;
  }
  if (!is_tensor(out) || !is_tensor(result))
    fail<TypeError>(name, ": out must be a Tensor; got ", Py_TYPE(out)->tp_name);
  Tensor& target = tensor_of(out);
  const Tensor& value = tensor_of(result);
  if (grad_enabled() && (target.requires_grad() || value.requires_grad()))
    fail(name, ": out= records no gradient; call it under no_grad, or without out");
  const bool may_cast = is_floating(target.dtype()) || !is_floating(value.dtype());
  if (!may_cast)
    fail<TypeError>(name, ": a result of ", value.dtype(), " does not fit into out of ",
                    target.dtype());
  if (target.shape() == value.shape())
    target.copy_(value);
  else if (target.numel() == 0)
    target = value.dtype() == target.dtype() ? value : value.to(target.dtype());
  else
    fail<ShapeError>(name, ": the result has shape ", value.shape(), ", out has ", target.shape());
}

PyObject* finish(const Function& f, Binding& binding, PyObject* result) {
  Object owned(result);
  if (f.in_place) {
    PyObject* self = binding.values()[0];
    if (!is_tensor(result)) fail<TypeError>(f.name, ": gives no tensor");
    write_in_place(f.name.c_str(), tensor_of(self), tensor_of(result));
    return Py_NewRef(self);
  }
  const Extras& extras = binding.extras();
  if (extras.requires_grad) tensor_of(result).requires_grad_();
  if (extras.out) {
    write_out(f.name.c_str(), extras.out, result);
    return Py_NewRef(extras.out);
  }
  return owned.release();
}

[[noreturn]] void no_overload(const Function& f, const std::string& why, PyObject* const* args,
                              size_t count, PyObject* keywords) {
  std::string text = call_text(f.name.c_str(), args, count, keywords) + ": ";
  if (f.overloads.size() == 1 && !why.empty()) text += f.name + " " + why + "; ";
  text += "expected";
  for (const Overload* o : f.overloads)
    text += std::string(o == f.overloads[0] ? " " : " or ") + typed_text(*o);
  PyErr_SetString(PyExc_TypeError, text.c_str());
  throw PythonError();
}

PyObject* call(PyObject* self, PyObject* const* args, size_t flagged, PyObject* keywords) {
  const Function& f = *reinterpret_cast<FunctionObject*>(self)->function;
  const auto count = static_cast<size_t>(PyVectorcall_NARGS(static_cast<Py_ssize_t>(flagged)));
  return guarded([&]() -> PyObject* {
    std::string why;
    for (const Overload* o : f.overloads) {
      Binding binding(*o, args, count, keywords);
      if (!binding) {
        why = binding.why();
        continue;
      }
      const Autocast casts(o->flags, binding.values(), binding.size());
      if (PyObject* result = o->invoke(binding.values())) return finish(f, binding, result);
      why.clear();
    }
    no_overload(f, why, args, count, keywords);
  });
}

PyObject* bind_method(PyObject* self, PyObject* object, PyObject*) {
  if (!object || object == Py_None) return Py_NewRef(self);
  return PyMethod_New(self, object);
}

const Function& function_of(PyObject* self) {
  return *reinterpret_cast<FunctionObject*>(self)->function;
}
PyObject* function_repr(PyObject* self) {
  return PyUnicode_FromFormat("<function %s>", function_of(self).name.c_str());
}
PyObject* function_name(PyObject* self, void*) {
  return PyUnicode_FromString(function_of(self).name.c_str());
}
PyObject* function_doc(PyObject* self, void*) {
  return PyUnicode_FromString(function_of(self).doc.c_str());
}
PyObject* function_module(PyObject*, void*) { return PyUnicode_FromString("rushlight"); }
PyObject* function_reduce(PyObject* self, PyObject*) {  // pickled by name
  return PyUnicode_FromString(function_of(self).name.c_str());
}

void make_function_type() {
  static PyGetSetDef properties[] = {{"__name__", function_name, nullptr, nullptr, nullptr},
                                     {"__qualname__", function_name, nullptr, nullptr, nullptr},
                                     {"__doc__", function_doc, nullptr, nullptr, nullptr},
                                     {"__module__", function_module, nullptr, nullptr, nullptr},
                                     {}};
  static PyMethodDef methods[] = {{"__reduce__", function_reduce, METH_NOARGS, nullptr}, {}};
  static PyMemberDef members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(FunctionObject, vectorcall), READONLY, nullptr},
      {}};
  static PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                                {Py_tp_descr_get, reinterpret_cast<void*>(bind_method)},
                                {Py_tp_repr, reinterpret_cast<void*>(function_repr)},
                                {Py_tp_getset, properties},
                                {Py_tp_methods, methods},
                                {Py_tp_members, members},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight.function", sizeof(FunctionObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                 Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             slots};
  function_type = reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpec(&spec)));
}

Object function_object(const Function* f) {
  auto* o = PyObject_New(FunctionObject, function_type);
  checked(o);
  o->vectorcall = call;
  o->function = f;
  return Object(reinterpret_cast<PyObject*>(o));
}

// ---- The tables -------------------------------------------------------------------------------

// Functions live as long as the process: never freed, so that none is gone before its last call.
struct Tables {
  std::deque<Overload> overloads;
  std::map<std::string, std::map<std::string, Function>> functions;  // by namespace and name
  std::map<std::string, Function> methods;
};
Tables& tables() {
  static auto* all = new Tables;
  return *all;
}

void add_to(std::map<std::string, Function>& functions, const std::string& name,
            const Overload* overload, bool in_place = false) {
  Function& f = functions[name];
  f.name = name;
  f.in_place = in_place;
  f.overloads.push_back(overload);
  if (overload->doc && f.doc.find(overload->doc) == std::string::npos)
    f.doc = std::string(overload->doc) + "\n\n" + f.doc;
  f.doc += (in_place ? "in place: " : "") + typed_text(*overload) + "\n";
}

void make_module(PyObject* module, const std::string& name,
                 const std::map<std::string, Function>& functions) {
  const std::string full = "rushlight._C." + name;
  Object made(checked(PyModule_New(full.c_str())));
  for (const auto& [function_name, f] : functions)
    if (PyModule_AddObjectRef(made.get(), function_name.c_str(), function_object(&f).get()) < 0)
      throw PythonError();
  if (PyDict_SetItemString(PyImport_GetModuleDict(), full.c_str(), made.get()) < 0 ||
      PyModule_AddObjectRef(module, name.c_str(), made.get()) < 0)
    throw PythonError();
}

// What the stubs are written from: {namespace: {name: [(signature, result)]}}.
PyObject* signatures(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    Object all(checked(PyDict_New()));
    const auto enter = [&](const std::string& where, const std::map<std::string, Function>& fs) {
      const Object names(checked(PyDict_New()));
      for (const auto& [name, f] : fs) {
        const Object list(checked(PyList_New(0)));
        for (const Overload* o : f.overloads) {
          const Object entry(checked(Py_BuildValue("(ss)", typed_text(*o).c_str(), o->result)));
          if (PyList_Append(list.get(), entry.get()) < 0) throw PythonError();
        }
        if (PyDict_SetItemString(names.get(), name.c_str(), list.get()) < 0) throw PythonError();
      }
      if (PyDict_SetItemString(all.get(), where.c_str(), names.get()) < 0) throw PythonError();
    };
    for (const auto& [where, functions] : tables().functions) enter(where, functions);
    enter("Tensor", tables().methods);
    return all.release();
  });
}

}  // namespace

std::string call_text(const char* name, PyObject* const* args, size_t count, PyObject* keywords) {
  std::string text = std::string(name) + "(";
  const auto add = [&](const std::string& part) {
    if (text.back() != '(') text += ", ";
    text += part;
  };
  for (size_t i = 0; i < count; ++i) add(Py_TYPE(args[i])->tp_name);
  for (Py_ssize_t k = 0; keywords && k < PyTuple_GET_SIZE(keywords); ++k)
    add(std::string(PyUnicode_AsUTF8(PyTuple_GET_ITEM(keywords, k))) + "=" +
        Py_TYPE(args[count + static_cast<size_t>(k)])->tp_name);
  return text + ")";
}

void Rows::enter(const Row& row) const {
  Overload& o = tables().overloads.emplace_back(parse_signature(row.signature, row.types));
  o.invoke = row.invoke;
  o.result = row.result;
  o.flags = row.flags;
  const std::string name = o.text.substr(0, o.text.find('('));
  const std::string_view where = where_;
  o.doc = row.doc ? row.doc : doc_of_op(name);
  const bool is_tensor_row = where == "tensor";
  const bool is_method = is_tensor_row || (o.flags & kMethodOnly) ||
                         (where == "torch" && !(o.flags & kFunctionOnly) && !o.parameters.empty() &&
                          o.parameters[0].name == "input");
  if (is_method) add_to(tables().methods, name, &o);
  if (!is_tensor_row && !(o.flags & kMethodOnly)) add_to(tables().functions[where_], name, &o);
  if (o.flags & kInPlace) {
    add_to(tables().methods, name + "_", &o, true);
    if (!is_tensor_row) add_to(tables().functions[where_], name + "_", &o, true);
  }
}

void make_functions(PyObject* module) {
  make_function_type();
  for (const auto& [where, functions] : tables().functions) make_module(module, where, functions);
  for (const auto& [name, f] : tables().methods)
    if (PyObject_SetAttrString(reinterpret_cast<PyObject*>(tensor_type), name.c_str(),
                               function_object(&f).get()) < 0)
      throw PythonError();
  static PyMethodDef method = {"_signatures", signatures, METH_NOARGS,
                               "All functions with their signatures, for the stubs."};
  if (PyModule_AddObjectRef(module, method.ml_name,
                            Object(checked(PyCFunction_New(&method, nullptr))).get()) < 0)
    throw PythonError();
}

}  // namespace rush::python
