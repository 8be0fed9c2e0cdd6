// Functions of functions: products with vectors, Jacobians, Hessians, vmap, checks of gradients.
#include "autograd.h"
#include "convert.h"
#include "rush/autograd/functional.h"
#include "rush/autograd/gradcheck.h"
#include "rush/vmap/vmap.h"

namespace rush::python {
namespace {

Tensors inline_list(std::vector<Tensor> list) {
  Tensors out;
  for (Tensor& t : list) out.push_back(std::move(t));
  return out;
}
TensorsFunction function_of(PyObject* f) {
  return [f](const Tensors& xs) {
    return inline_list(call_with_tensors(f, {xs.begin(), xs.size()}));
  };
}

// (function, inputs, vectors or None, create_graph) -> (outputs, products)
template <WithProduct (*product)(const TensorsFunction&, const Tensors&, const Tensors&,
                                 const DerivativeOptions&)>
PyObject* with_product(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *f, *xs, *vectors;
    int create_graph = 0;
    if (!PyArg_ParseTuple(args, "OOOp", &f, &xs, &vectors, &create_graph)) throw PythonError();
    Tensors v;
    if (vectors != Py_None) v = inline_list(tensors_of(vectors, "vectors"));
    const WithProduct found =
        product(function_of(f), inline_list(tensors_of(xs, "inputs")), v, {create_graph != 0});
    const Object outputs(tuple_with_none({found.outputs.begin(), found.outputs.size()}));
    const Object products(tuple_with_none({found.product.begin(), found.product.size()}));
    return checked(PyTuple_Pack(2, outputs.get(), products.get()));
  });
}

// (function, inputs, create_graph) -> a tuple of tuples
template <std::vector<std::vector<Tensor>> (*blocks)(const TensorsFunction&, const Tensors&,
                                                     const DerivativeOptions&)>
PyObject* matrix(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *f, *xs;
    int create_graph = 0;
    if (!PyArg_ParseTuple(args, "OOp", &f, &xs, &create_graph)) throw PythonError();
    const auto rows =
        blocks(function_of(f), inline_list(tensors_of(xs, "inputs")), {create_graph != 0});
    Object tuple(checked(PyTuple_New(static_cast<Py_ssize_t>(rows.size()))));
    for (size_t i = 0; i < rows.size(); ++i)
      PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), tuple_with_none(rows[i]));
    return tuple.release();
  });
}

// (function, inputs, eps, atol, rtol, raise) -> bool
template <bool (*check)(const TensorsFunction&, const Tensors&, const GradCheckOptions&)>
PyObject* checked_gradients(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *f, *xs;
    GradCheckOptions options;
    int raises = 1;
    if (!PyArg_ParseTuple(args, "OOdddp", &f, &xs, &options.eps, &options.atol, &options.rtol,
                          &raises))
      throw PythonError();
    options.raise = raises != 0;
    return to_python(check(function_of(f), inline_list(tensors_of(xs, "inputs")), options));
  });
}

Randomness randomness_of(const char* name) {
  const std::string_view text = name;
  if (text == "different") return Randomness::kDifferent;
  if (text == "same") return Randomness::kSame;
  if (text != "error")
    fail<ShapeError>("vmap: randomness is 'error', 'different' or 'same'; got '", name, "'");
  return Randomness::kError;
}

// (function, inputs, in_dims: a list of int or None, randomness) -> outputs, with the axis in front
PyObject* vmap_of(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *f, *xs, *dims;
    const char* randomness = nullptr;
    if (!PyArg_ParseTuple(args, "OOO!s", &f, &xs, &PyList_Type, &dims, &randomness))
      throw PythonError();
    VmapOptions options{.randomness = randomness_of(randomness)};
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(dims); ++i) {
      std::optional<int64_t> axis;
      if (!From<std::optional<int64_t>>::load(PyList_GET_ITEM(dims, i), axis))
        fail<TypeError>("vmap: in_dims are whole numbers or None");
      options.in_dims.push_back(axis);
    }
    const std::vector<Tensor> outs =
        vmap_call([f](const std::vector<Tensor>& in) { return call_with_tensors(f, in); },
                  tensors_of(xs, "vmap"), options);
    return tuple_with_none(outs);
  });
}

}  // namespace

PyMethodDef kTransformMethods[] = {
    {"vjp", with_product<vjp>, METH_VARARGS, "Vector-Jacobian product."},
    {"jvp", with_product<jvp>, METH_VARARGS, "Jacobian-vector product."},
    {"hvp", with_product<hvp>, METH_VARARGS, "Hessian-vector product."},
    {"jacobian", matrix<jacobian>, METH_VARARGS, "Whole Jacobians."},
    {"hessian", matrix<hessian>, METH_VARARGS, "Whole Hessians."},
    {"gradcheck", checked_gradients<gradcheck>, METH_VARARGS, "Gradients against differences."},
    {"gradgradcheck", checked_gradients<gradgradcheck>, METH_VARARGS,
     "Second gradients against differences."},
    {"vmap", vmap_of, METH_VARARGS, "A function of one sample called with a batch."},
    {}};

}  // namespace rush::python
