#include "properties.h"

#include "autograd.h"
#include "construct.h"
#include "convert.h"
#include "rush/core/apply.h"
#include "rush/core/node.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

template <auto f>
PyObject* get(PyObject* self, void*) {
  return guarded([&]() -> PyObject* { return to_python(f(tensor_of(self))); });
}

PyObject* shape(const Tensor& t) { return size_object(t.shape()); }
int64_t rank(const Tensor& t) { return t.rank(); }
DType dtype(const Tensor& t) { return t.dtype(); }
bool requires_grad(const Tensor& t) { return t.requires_grad(); }
bool is_leaf(const Tensor& t) { return t.is_leaf(); }
Tensor grad(const Tensor& t) { return t.grad(); }
Tensor detached(const Tensor& t) { return t.detach(); }
int64_t item_size(const Tensor& t) { return static_cast<int64_t>(size_of(t.dtype())); }
int64_t byte_count(const Tensor& t) { return t.numel() * item_size(t); }
int64_t version(const Tensor& t) { return t.version(); }
bool never(const Tensor&) { return false; }
bool is_cpu(const Tensor&) { return true; }

Tensor reversed_axes(const Tensor& t) {
  Dims axes;
  for (int i = t.rank(); i-- > 0;) axes.push_back(i);
  return permute(t, axes);
}
Tensor matrix_transposed(const Tensor& t) {
  if (t.rank() < 2) fail<ShapeError>("mT: needs at least 2 dimensions; got shape ", t.shape());
  return t.transpose(-2, -1);
}
PyObject* device(const Tensor&) { return Py_NewRef(cpu_device()); }

bool retains_grad(const Tensor& t) {
  const Edge& edge = t.body().edge;
  if (!edge || t.is_leaf() || !edge.node()->extra) return false;
  for (const auto& [output, kept] : edge.node()->extra->retained)
    if (output == edge.index()) return true;
  return false;
}
int64_t output_number(const Tensor& t) { return t.body().edge ? t.body().edge.index() : 0; }

int refuse_deletion(PyObject* value, const char* name) {
  if (value) return 0;
  PyErr_Format(PyExc_AttributeError, "%s cannot be deleted", name);
  return -1;
}

int set_requires_grad(PyObject* self, PyObject* value, void*) {
  if (refuse_deletion(value, "requires_grad") < 0) return -1;
  return guarded_int([&] {
    bool on = false;
    if (!From<bool>::load(value, on)) fail<TypeError>("requires_grad: expected True or False");
    tensor_of(self).requires_grad_(on);
    return 0;
  });
}

int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded_int([&] {
    if (!value || value == Py_None)
      tensor_of(self).set_grad({});
    else if (is_tensor(value))
      tensor_of(self).set_grad(tensor_of(value));
    else
      fail<TypeError>("grad: expected a Tensor or None; got ", Py_TYPE(value)->tp_name);
    return 0;
  });
}

// p.data = q: the tensor shows q's data from now on, wherever this body is used.
int set_data(PyObject* self, PyObject* value, void*) {
  if (refuse_deletion(value, "data") < 0) return -1;
  return guarded_int([&] {
    if (!is_tensor(value))
      fail<TypeError>("data: expected a Tensor; got ", Py_TYPE(value)->tp_name);
    const TensorBody& from = tensor_of(value).body();
    TensorBody& to = tensor_of(self).body();
    if (!from.storage) fail("data: a symbolic tensor has none");
    const bool changes_leaf =
        to.edge && (from.dtype != to.dtype || !(from.layout.shape == to.layout.shape));
    const bool is_leaf = tensor_of(self).is_leaf();
    if (changes_leaf && !is_leaf)
      fail<TypeError>("data: the result of an op keeps its shape and dtype");
    to.storage = from.storage;
    to.layout = from.layout;
    to.dtype = from.dtype;
    if (changes_leaf) {  // its node knows shape and dtype: it is made anew
      to.edge = Edge();
      tensor_of(self).requires_grad_();
    }
    return 0;
  });
}

}  // namespace

PyGetSetDef* tensor_properties() {
  static PyGetSetDef properties[] = {
      {"shape", get<shape>, nullptr, "The sizes.", nullptr},
      {"ndim", get<rank>, nullptr, "How many dimensions there are.", nullptr},
      {"dtype", get<dtype>, nullptr, "The type of the elements.", nullptr},
      {"device", get<device>, nullptr, "Where the elements are: the CPU.", nullptr},
      {"requires_grad", get<requires_grad>, set_requires_grad,
       "Whether gradients flow to this tensor.", nullptr},
      {"is_leaf", get<is_leaf>, nullptr, "Whether no op made it.", nullptr},
      {"grad", get<grad>, set_grad, "The gradient that backward() has summed up, or None.",
       nullptr},
      {"grad_fn", get<grad_fn_object>, nullptr, "The op that made it, where it is recorded.",
       nullptr},
      {"retains_grad", get<retains_grad>, nullptr,
       "Whether this intermediate result keeps its gradient.", nullptr},
      {"output_nr", get<output_number>, nullptr, "Which of its op's results it is.", nullptr},
      {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, "Attributes.", nullptr},
      {"data", get<detached>, set_data, "The same elements without history.", nullptr},
      {"T", get<reversed_axes>, nullptr, "All axes in reverse order.", nullptr},
      {"mT", get<matrix_transposed>, nullptr, "The last two axes swapped.", nullptr},
      {"H", get<reversed_axes>, nullptr, "As T: there are no complex numbers.", nullptr},
      {"mH", get<matrix_transposed>, nullptr, "As mT: there are no complex numbers.", nullptr},
      {"itemsize", get<item_size>, nullptr, "Bytes of an element.", nullptr},
      {"nbytes", get<byte_count>, nullptr, "Bytes of all elements.", nullptr},
      {"_version", get<version>, nullptr, "How often the memory was written in place.", nullptr},
      {"is_cuda", get<never>, nullptr, "False.", nullptr},
      {"is_mps", get<never>, nullptr, "False.", nullptr},
      {"is_sparse", get<never>, nullptr, "False.", nullptr},
      {"is_quantized", get<never>, nullptr, "False.", nullptr},
      {"is_meta", get<never>, nullptr, "False.", nullptr},
      {"is_nested", get<never>, nullptr, "False.", nullptr},
      {"is_cpu", get<is_cpu>, nullptr, "True.", nullptr},
      {}};
  return properties;
}

Tensor tensor_from_arguments(PyObject* args, PyObject*) {
  const Py_ssize_t count = PyTuple_GET_SIZE(args);
  if (count == 0) return empty({0});
  PyObject* first = PyTuple_GET_ITEM(args, 0);
  if (is_tensor(first)) return tensor_of(first);
  if (!PyLong_Check(first)) {
    if (first == Py_None) return empty({0});
    return tensor_from_data(first, default_dtype());
  }
  Dims sizes;
  if (!From<Dims>::load(args, sizes))
    fail<TypeError>("Tensor: expected sizes, a sequence of numbers or a tensor");
  return empty(sizes);
}

}  // namespace rush::python
