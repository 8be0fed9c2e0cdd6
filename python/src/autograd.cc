#include "autograd.h"

#include <utility>

#include "construct.h"
#include "convert.h"
#include "followed_step.h"
#include "function.h"
#include "held.h"
#include "interrupt.h"
#include "modes.h"
#include "rows.h"
#include "rush/autograd/autograd.h"
#include "rush/autograd/engine.h"
#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"

namespace rush::python {

std::vector<Tensor> tensors_of(PyObject* sequence, const char* what) {
  if (!PyTuple_Check(sequence) && !PyList_Check(sequence))
    fail<TypeError>(what, ": expected a sequence of tensors; got ", Py_TYPE(sequence)->tp_name);
  std::vector<Tensor> tensors;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence); ++i) {
    PyObject* o = PySequence_Fast_GET_ITEM(sequence, i);
    if (o != Py_None && !is_tensor(o))
      fail<TypeError>(what, ": expected tensors; number ", i, " is ", Py_TYPE(o)->tp_name);
    tensors.push_back(o == Py_None ? Tensor() : tensor_of(o));
  }
  return tensors;
}

PyObject* tuple_with_none(std::span<const Tensor> tensors) {
  Object tuple(checked(PyTuple_New(static_cast<Py_ssize_t>(tensors.size()))));
  for (size_t i = 0; i < tensors.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), wrap(tensors[i]));
  return tuple.release();
}

std::vector<Tensor> call_with_tensors(PyObject* function, std::span<const Tensor> tensors) {
  const WithGil lock;
  const Object arguments(tuple_with_none(tensors));
  const Object result(checked(PyObject_CallObject(function, arguments.get())));
  if (is_tensor(result.get())) return {tensor_of(result.get())};
  return tensors_of(result.get(), "the function's result");
}

namespace {

bool is_true(PyObject* o) {
  const int truth = PyObject_IsTrue(o);
  if (truth < 0) throw PythonError();
  return truth != 0;
}

void check_count(const char* name, Py_ssize_t count, Py_ssize_t expected) {
  if (count != expected) fail<TypeError>(name, ": takes ", expected, " arguments, got ", count);
}

PyObject* set_grad_enabled(PyObject*, PyObject* on) {
  return guarded([&] {
    rush::detail::t_grad_enabled = is_true(on);
    return Py_NewRef(Py_None);
  });
}
PyObject* is_grad_enabled(PyObject*, PyObject*) { return PyBool_FromLong(grad_enabled()); }
PyObject* set_anomaly(PyObject*, PyObject* on) {
  return guarded([&] {
    rush::detail::t_detect_anomaly = is_true(on);
    return Py_NewRef(Py_None);
  });
}
PyObject* is_anomaly(PyObject*, PyObject*) { return PyBool_FromLong(DetectAnomaly::is_on()); }

void check_starts(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys) {
  for (size_t i = 0; i < ys.size(); ++i) {
    if (!ys[i].defined()) fail<TypeError>("backward: tensor ", i, " is None");
    if (!ys[i].requires_grad())
      fail("element ", i,
           " of tensors does not require grad and does not have a grad_fn: nothing "
           "that requires a gradient went into it, or it was computed under no_grad");
    if (ys[i].numel() != 1 && (dys.empty() || !dys[i].defined()))
      fail("grad can be implicitly created only for scalar outputs; got shape ", ys[i].shape(),
           ": take a sum or a mean, or pass a gradient of this shape");
  }
}

void run_after_accumulation();
void forget_after_accumulation();

// How many walks this thread has begun: compile() asks whether a function goes backward itself.
thread_local int64_t t_walks = 0;

void walk(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys,
          const GradOptions& options) {
  check_starts(ys, dys);
  ++t_walks;
  forget_after_accumulation();  // of a walk that failed
  const WithoutGil released;
  const Interruptible walk(rush::detail::t_walk_step, Interruptible::look_between_nodes);
  rush::backward(ys, dys, options);
  run_after_accumulation();
}

std::vector<Tensor> gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                              const std::vector<Tensor>& dys, const GradOptions& options) {
  check_starts(ys, dys);
  for (const Tensor& x : xs)
    if (!x.defined() || !x.requires_grad())
      fail("One of the differentiated Tensors does not require grad");
  ++t_walks;
  const WithoutGil released;
  const Interruptible walk(rush::detail::t_walk_step, Interruptible::look_between_nodes);
  return rush::grad(ys, xs, dys, options);
}

PyObject* walk_count(PyObject*, PyObject*) { return PyLong_FromLongLong(t_walks); }

// backward() into some leaves only.
void walk_into(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys, GradOptions options,
               const std::vector<Tensor>& leaves) {
  if (leaves.empty()) fail("backward: inputs= has no tensors");
  options.allow_unused = true;
  const std::vector<Tensor> found = gradients(ys, leaves, dys, options);
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (!found[i].defined()) continue;
    const Tensor before = leaves[i].grad();
    leaves[i].set_grad(before.defined() ? add(before, found[i]) : found[i]);
  }
}

// backward(tensors, grads or None, retain_graph, create_graph, inputs or None)
PyObject* backward_of(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    check_count("backward", count, 5);
    const std::vector<Tensor> ys = tensors_of(args[0], "backward");
    std::vector<Tensor> dys;
    if (args[1] != Py_None) dys = tensors_of(args[1], "backward");
    const GradOptions options{.retain_graph = is_true(args[2]), .create_graph = is_true(args[3])};
    if (args[4] == Py_None)
      walk(ys, dys, options);
    else
      walk_into(ys, dys, options, tensors_of(args[4], "backward"));
    Py_RETURN_NONE;
  });
}

// grad(outputs, inputs, grads or None, retain_graph, create_graph, allow_unused)
PyObject* grad_of(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    check_count("grad", count, 6);
    const std::vector<Tensor> ys = tensors_of(args[0], "grad"), xs = tensors_of(args[1], "grad");
    std::vector<Tensor> dys;
    if (args[2] != Py_None) dys = tensors_of(args[2], "grad");
    return tuple_with_none(gradients(ys, xs, dys,
                                     {.retain_graph = is_true(args[3]),
                                      .create_graph = is_true(args[4]),
                                      .allow_unused = is_true(args[5])}));
  });
}

// ---- Hooks ------------------------------------------------------------------------------------

PyObject* handle_object(HookHandle handle) {
  return checked(PyCapsule_New(new HookHandle(std::move(handle)), nullptr, [](PyObject* capsule) {
    delete static_cast<HookHandle*>(PyCapsule_GetPointer(capsule, nullptr));
  }));
}

const Tensor& tensor_argument(const char* name, PyObject* o) {
  if (!is_tensor(o)) fail<TypeError>(name, ": expected a Tensor; got ", Py_TYPE(o)->tp_name);
  return tensor_of(o);
}

Tensor call_hook(PyObject* hook, const Tensor& gradient) {
  const WithGil lock;
  const Object argument(wrap(gradient));
  const Object result(checked(PyObject_CallOneArg(hook, argument.get())));
  if (result.get() == Py_None) return {};
  return tensor_argument("a gradient hook's result", result.get());
}

PyObject* register_hook_of(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&] {
    check_count("register_hook", count, 2);
    const Tensor& t = tensor_argument("register_hook", args[0]);
    if (!t.requires_grad())
      fail("register_hook: this tensor requires no gradient, so none will reach it");
    const Held hook(args[1]);
    return handle_object(
        register_hook(t, [hook](const Tensor& dy) { return call_hook(hook.get(), dy); }));
  });
}

// Hooks that run after backward() are hooks on the gradient, which put themselves on this list; the
// walk runs the list when it is done. They get the tensor's own Python object.
struct AfterAccumulation {
  Held tensor, hook;  // a weak reference, a function
  void run() const {
    const WithGil lock;
    const Object leaf = Object::borrow(checked(PyWeakref_GetObject(tensor.get())));
    if (leaf.get() != Py_None) Object(checked(PyObject_CallOneArg(hook.get(), leaf.get())));
  }
};
thread_local std::vector<AfterAccumulation> t_after_accumulation;

void forget_after_accumulation() { t_after_accumulation.clear(); }
void run_after_accumulation() {
  for (const AfterAccumulation& hook : std::exchange(t_after_accumulation, {})) hook.run();
}

PyObject* register_after_accumulation(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&] {
    check_count("register_post_accumulate_grad_hook", count, 2);
    const Tensor& t = tensor_argument("register_post_accumulate_grad_hook", args[0]);
    if (!t.requires_grad() || !t.is_leaf())
      fail("post accumulate grad hooks cannot be registered on non-leaf tensors");
    const Object weak(checked(PyWeakref_NewRef(args[0], nullptr)));
    const AfterAccumulation after{Held(weak.get()), Held(args[1])};
    return handle_object(register_hook(t, [after](const Tensor&) {
      t_after_accumulation.push_back(after);
      return Tensor();
    }));
  });
}

PyObject* remove_hook(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    static_cast<HookHandle*>(checked(PyCapsule_GetPointer(capsule, nullptr)))->remove();
    Py_RETURN_NONE;
  });
}

PyObject* alias_of(PyObject*, PyObject* x) {
  return guarded([&] { return wrap(rush::detail::alias(tensor_argument("alias", x))); });
}

// ---- Autocast ---------------------------------------------------------------------------------

PyObject* autocast_object() {
  return autocast_dtype() ? to_python(*autocast_dtype()) : Py_NewRef(Py_None);
}
PyObject* get_autocast(PyObject*, PyObject*) { return autocast_object(); }
PyObject* set_autocast(PyObject*, PyObject* dtype) {
  return guarded([&] {
    std::optional<DType> wanted;
    if (dtype != Py_None && !(wanted = dtype_of_object(dtype)))
      fail<TypeError>("set_autocast: expected a dtype or None; got ", Py_TYPE(dtype)->tp_name);
    Object before(autocast_object());
    autocast_dtype() = wanted;
    return before.release();
  });
}

template <typename F>
PyCFunction as_function(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

}  // namespace

PyMethodDef kGradientMethods[] = {
    {"set_grad_enabled", set_grad_enabled, METH_O, "Whether ops on this thread record gradients."},
    {"is_grad_enabled", is_grad_enabled, METH_NOARGS, nullptr},
    {"set_anomaly_enabled", set_anomaly, METH_O, "Whether ops check what they compute for NaN."},
    {"is_anomaly_enabled", is_anomaly, METH_NOARGS, nullptr},
    {"backward", as_function(backward_of), METH_FASTCALL, "Adds to the gradients of leaves."},
    {"grad", as_function(grad_of), METH_FASTCALL, "Gradients by the inputs."},
    {"walk_count", walk_count, METH_NOARGS, "How many walks backward this thread has made."},
    {"register_hook", as_function(register_hook_of), METH_FASTCALL, nullptr},
    {"register_post_accumulate_grad_hook", as_function(register_after_accumulation), METH_FASTCALL,
     nullptr},
    {"remove_hook", remove_hook, METH_O, "Takes back what a register function returned."},
    {"alias", alias_of, METH_O, "The same tensor with a history of its own."},
    {}};

void make_autograd(PyObject* module) {
  static PyMethodDef autocast[] = {
      {"get_autocast", get_autocast, METH_NOARGS, "The dtype of autocast here, or None."},
      {"set_autocast", set_autocast, METH_O, "Sets the dtype of autocast; returns the former."},
      {}};
  const Object made(checked(PyModule_New("rushlight._C.autograd")));
  for (PyMethodDef* methods :
       {kGradientMethods, kCustomMethods, kTransformMethods, kCompileMethods, kFollowMethods})
    if (PyModule_AddFunctions(made.get(), methods) < 0) throw PythonError();
  make_node_type(made.get());
  if (PyModule_AddFunctions(module, autocast) < 0 ||
      PyModule_AddObjectRef(module, "autograd", made.get()) < 0 ||
      PyDict_SetItemString(PyImport_GetModuleDict(), "rushlight._C.autograd", made.get()) < 0)
    throw PythonError();
}

void add_autograd_rows() {
  const Rows rows("tensor");
  rows.add(
      "backward(input, gradient=None, retain_graph=None, create_graph=False, inputs=None)",
      [](const Tensor& y, const Maybe& dy, const std::optional<bool>& retain, bool create,
         const Any& inputs) {
        const GradOptions options{.retain_graph = retain.value_or(create), .create_graph = create};
        if (inputs.object == Py_None)
          walk({y}, {dy}, options);
        else if (is_tensor(inputs.object))
          walk_into({y}, {dy}, options, {tensor_of(inputs.object)});
        else
          walk_into({y}, {dy}, options, tensors_of(inputs.object, "backward"));
        return Py_NewRef(Py_None);
      },
      0, "Adds d(self)/d(leaf) to the grad of every leaf, or of those in `inputs`.");
}

}  // namespace rush::python
