// Ops written in Python, and checkpointing.
#include "autograd.h"
#include "convert.h"
#include "held.h"
#include "rush/autograd/autograd.h"

namespace rush::python {
namespace {

// What the Python side's forward gives: (outputs, saved or None, non_differentiable, dirty,
// materialize), the first four being tuples of tensors.
struct Forward {
  Object outputs;
  std::vector<Tensor> saved, non_differentiable, dirty;
  bool materialises = true;
};

Forward run_forward(PyObject* forward) {
  const Object result(checked(PyObject_CallNoArgs(forward)));
  PyObject *outputs, *saved, *non_differentiable, *dirty;
  int materialises = 1;
  if (!PyArg_ParseTuple(result.get(), "O!OO!O!p", &PyTuple_Type, &outputs, &saved, &PyTuple_Type,
                        &non_differentiable, &PyTuple_Type, &dirty, &materialises))
    throw PythonError();
  Forward f;
  f.outputs = Object::borrow(outputs);
  if (saved != Py_None) f.saved = tensors_of(saved, "save_for_backward");
  f.non_differentiable = tensors_of(non_differentiable, "mark_non_differentiable");
  f.dirty = tensors_of(dirty, "mark_dirty");
  f.materialises = materialises != 0;
  return f;
}

Tensors run_backward(PyObject* backward, const CustomContext& context, const Tensors& dys,
                     bool materialises) {
  const std::vector<Tensor> saved = context.saved();
  std::vector<Tensor> arriving(dys.begin(), dys.end());
  for (size_t i = 0; i < arriving.size(); ++i)
    if (!materialises && !context.arrived(i)) arriving[i] = Tensor();
  const WithGil lock;
  const Object of_saved(tuple_with_none(saved)), of_arriving(tuple_with_none(arriving));
  const Object result(
      checked(PyObject_CallFunctionObjArgs(backward, of_saved.get(), of_arriving.get(), nullptr)));
  Tensors dxs;
  for (Tensor& dx : tensors_of(result.get(), "backward")) dxs.push_back(std::move(dx));
  return dxs;
}

bool is_among(const Tensor& t, const std::vector<Tensor>& list) {
  for (const Tensor& other : list)
    if (other.defined() && other.is_same(t)) return true;
  return false;
}

// The Python object of an output: the one forward returned, where it is the same tensor; an input
// that was written in place carries the new history itself.
PyObject* output_object(const Forward& f, PyObject* given, const Tensor& out) {
  const Tensor& before = tensor_of(given);
  if (is_among(before, f.non_differentiable)) out.body().edge = Edge();
  if (out.is_same(before)) return Py_NewRef(given);
  if (!is_among(before, f.dirty)) return wrap(out);
  before.body().edge = out.body().edge;
  return Py_NewRef(given);
}

void check_dirty(const std::string& name, const Forward& f) {
  for (const Tensor& t : f.dirty) {
    if (!grad_enabled() || !t.requires_grad()) continue;
    if (t.is_leaf())
      fail(name, ": a leaf that requires a gradient was written in place (mark_dirty)");
  }
}

// custom(name, forward, backward, inputs) -> tuple of outputs
PyObject* custom(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    const char* name = nullptr;
    PyObject *forward, *backward, *inputs;
    if (!PyArg_ParseTuple(args, "sOOO", &name, &forward, &backward, &inputs)) throw PythonError();
    Forward f;
    const Held rule(backward);
    // Only known when forward has run, and read when backward does.
    const auto materialises = std::make_shared<bool>(true);
    const Tensors outs = custom_op(
        name, tensors_of(inputs, name),
        [&](CustomContext& context, const std::vector<Tensor>&) {
          f = run_forward(forward);
          context.save(f.saved);
          *materialises = f.materialises;
          Tensors results;
          for (Tensor& t : tensors_of(f.outputs.get(), name)) results.push_back(std::move(t));
          return results;
        },
        [rule, materialises](CustomContext& context, const Tensors& dys) {
          return run_backward(rule.get(), context, dys, *materialises);
        });
    check_dirty(name, f);
    Object tuple(checked(PyTuple_New(static_cast<Py_ssize_t>(outs.size()))));
    for (size_t i = 0; i < outs.size(); ++i) {
      const auto at = static_cast<Py_ssize_t>(i);
      PyTuple_SET_ITEM(tuple.get(), at,
                       output_object(f, PyTuple_GET_ITEM(f.outputs.get(), at), outs[i]));
    }
    return tuple.release();
  });
}

// checkpoint(function, inputs) -> tuple of outputs
PyObject* checkpoint_of(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *function, *inputs;
    if (!PyArg_ParseTuple(args, "OO", &function, &inputs)) throw PythonError();
    const Held held(function);
    const auto segment = [held](const std::vector<Tensor>& xs) {
      Tensors results;
      for (Tensor& t : call_with_tensors(held.get(), xs)) results.push_back(std::move(t));
      return results;
    };
    const Tensors outs = checkpoint(segment, tensors_of(inputs, "checkpoint"));
    return tuple_with_none({outs.begin(), outs.size()});
  });
}

}  // namespace

PyMethodDef kCustomMethods[] = {
    {"custom", custom, METH_VARARGS, "An op with a forward and a backward function."},
    {"checkpoint", checkpoint_of, METH_VARARGS,
     "function(*inputs), run again in backward instead of keeping what its gradient needs."},
    {}};

}  // namespace rush::python
