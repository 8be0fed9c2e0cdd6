#include "function.h"

#include <structmember.h>

#include <deque>
#include <map>
#include <stdexcept>

#include "binding.h"
#include "interrupt.h"
#include "modes.h"
#include "op_row.h"
#include "rush/base/work_step.h"
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

// Numbers keep their kind: fractions go to floating tensors only, and whole numbers not to bool.
void check_can_hold(const char* name, const Tensor& target, const Tensor& value) {
  const DType from = value.dtype(), to = target.dtype();
  if (is_floating(to) || from == DType::kBool || (is_integral(from) && is_integral(to))) return;
  fail<TypeError>(name, ": a result of ", from, " cannot be written to a tensor of ", to);
}

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
  check_can_hold(name, target, value);
  if (target.shape() == value.shape())
    target.copy_(value);
  else if (target.numel() == 0)
    target = value.dtype() == target.dtype() ? value : value.to(target.dtype());
  else
    fail<ShapeError>(name, ": the result has shape ", value.shape(), ", out has ", target.shape());
}

bool is_recorded(PyObject* o) {
  return grad_enabled() && is_tensor(o) && tensor_of(o).requires_grad();
}

// `self`: the first argument as it was given.
PyObject* finish(const Function& f, Binding& binding, PyObject* self, PyObject* result) {
  Object owned(result);
  if (f.in_place) {
    if (self == result) return owned.release();  // its kernel wrote there
    if (!is_tensor(result)) fail<TypeError>(f.name, ": gives no tensor");
    check_can_hold(f.name.c_str(), tensor_of(self), tensor_of(result));
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
      PyObject* first = binding.values()[0];
      const Autocast casts(o->flags, binding.values(), binding.size());
      const bool has_kernel = f.in_place && o->op;  // that writes over its first input
      Object kept;                                  // for the gradient: the value before the write
      if (f.in_place && !has_kernel && is_recorded(first)) {
        kept = Object(wrap(clone(tensor_of(first))));
        binding.values()[0] = kept.get();
      }
      const Invoke invoke = has_kernel ? invoke_op_in_place : o->invoke;
      PyObject* result = nullptr;
      {
        const Interruptible work(rush::detail::t_work_step, Interruptible::look_between_blocks,
                                 o->writes_fresh_memory && !has_kernel);
        result = invoke(*o, binding.values());
      }
      if (result) return finish(f, binding, first, result);
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

// What the stubs are written from: {namespace: {name: [(signature, result, flags)]}}.
PyObject* signatures(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    Object all(checked(PyDict_New()));
    const auto enter = [&](const std::string& where, const std::map<std::string, Function>& fs) {
      const Object names(checked(PyDict_New()));
      for (const auto& [name, f] : fs) {
        const Object list(checked(PyList_New(0)));
        for (const Overload* o : f.overloads) {
          const Object entry(
              checked(Py_BuildValue("(ssI)", typed_text(*o).c_str(), o->result, o->flags)));
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

PyObject* detail::settle(PyObject* first, MaybeInPlace result) {
  const bool is_unchanged = is_tensor(first) && result.value.is_same(tensor_of(first));
  if (is_unchanged) return Py_NewRef(first);
  if (!result.is_in_place) return wrap(std::move(result.value));
  write_in_place(result.name, tensor_of(first), result.value);
  return Py_NewRef(first);
}

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
  enter(o, row.doc);
}

void Rows::enter(Overload& o, const char* doc) const {
  const std::string name = o.text.substr(0, o.text.find('('));
  const std::string_view where = where_;
  o.doc = doc ? doc : o.op ? o.op->doc.c_str() : doc_of_op(name);
  o.writes_fresh_memory =
      where != "optim" && name.back() != '_' && find_parameter(o, "inplace") < 0;
  const bool is_tensor_row = where == "tensor";
  const bool is_method = is_tensor_row || (o.flags & kMethodOnly) ||
                         (where == "torch" && !(o.flags & kFunctionOnly) && !o.parameters.empty() &&
                          o.parameters[0].name == "input");
  const bool is_function = !is_tensor_row && !(o.flags & kMethodOnly);
  if (is_method) add_to(tables().methods, name, &o);
  if (is_function) add_to(tables().functions[where_], name, &o);
  if (!(o.flags & kInPlace)) return;
  if (is_method) add_to(tables().methods, name + "_", &o, true);
  if (is_function) add_to(tables().functions[where_], name + "_", &o, true);
}

void Rows::add_op(const std::string& signature, const Op& op, unsigned flags) const {
  std::vector<const char*> types;
  for (size_t i = 0; i < op.args.size(); ++i)
    types.push_back(may_be_number(flags, i) ? From<Operand>::kName : From<Tensor>::kName);
  Overload& o = tables().overloads.emplace_back(parse_signature(signature, types));
  o.invoke = invoke_op;
  o.flags = flags;
  o.op = &op;
  enter(o, nullptr);
}

void Rows::alias(const std::string& name, const std::string& of) const {
  const auto copy = [&](std::map<std::string, Function>& functions, const std::string& suffix) {
    const auto found = functions.find(of + suffix);
    if (found == functions.end()) return;
    const Function source = found->second;
    for (const Overload* o : source.overloads) {
      Overload& renamed = tables().overloads.emplace_back(*o);
      renamed.text = name + suffix + o->text.substr(o->text.find('('));
      add_to(functions, name + suffix, &renamed, source.in_place);
    }
  };
  for (const char* suffix : {"", "_"}) {
    copy(tables().functions[where_], suffix);
    if (std::string_view(where_) == "torch" || std::string_view(where_) == "tensor")
      copy(tables().methods, suffix);
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
