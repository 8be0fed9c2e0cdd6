// Methods of Tensor that ask about it, read its values or belong to gradients.
#include "function.h"
#include "rows.h"
#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

// ---- Questions --------------------------------------------------------------------------------

void add_sizes(const Rows& rows) {
  rows.add(
      "size(self, dim=None)",
      [](const Tensor& x, std::optional<int64_t> axis) -> PyObject* {
        return axis ? to_python(x.size(*axis)) : size_object(x.shape());
      },
      0, "The sizes, or one of them.");
  rows.add(
      "stride(self, dim=None)",
      [](const Tensor& x, std::optional<int64_t> axis) -> PyObject* {
        if (axis) return to_python(x.strides()[normalize_axis("stride", *axis, x.rank())]);
        Object tuple(checked(PyTuple_New(x.rank())));
        for (int i = 0; i < x.rank(); ++i)
          PyTuple_SET_ITEM(tuple.get(), i, to_python(x.strides()[i]));
        return tuple.release();
      },
      0, "How many elements apart neighbours of an axis lie.");
  for (const char* text : {"dim(self)", "ndimension(self)"})
    rows.add(
        text, [](const Tensor& x) { return int64_t{x.rank()}; }, 0,
        "How many dimensions there are.");
  rows.add(
      "nelement(self)", [](const Tensor& x) { return x.numel(); }, 0, "How many elements.");
  Rows("torch").add(
      "numel(input)", [](const Tensor& x) { return x.numel(); }, 0, "How many elements.");
  rows.add(
      "storage_offset(self)", [](const Tensor& x) { return x.layout().offset; }, 0,
      "Where in its storage the first element is.");
  rows.add(
      "element_size(self)",
      [](const Tensor& x) { return static_cast<int64_t>(size_of(x.dtype())); }, 0,
      "Bytes of an element.");
  rows.add(
      "data_ptr(self)",
      [](const Tensor& x) { return reinterpret_cast<int64_t>(x.numel() ? x.raw() : nullptr); }, 0,
      "The address of the first element.");
  rows.add(
      "_storage(self)",
      [](const Tensor& x) -> PyObject* {
        if (!x.has_data()) fail("_storage: a symbolic tensor has none");
        const Storage& storage = *x.storage();
        return Py_BuildValue("(NN)", PyLong_FromVoidPtr(storage.data()),
                             PyLong_FromSize_t(storage.bytes()));
      },
      0, "The address and the length in bytes of the memory it shares with its views.");
  rows.add(
      "get_device(self)", [](const Tensor&) { return int64_t{-1}; }, 0, "-1: the CPU.");
}

void add_questions(const Rows& rows) {
  const Rows functions("torch");
  functions.add(
      "is_floating_point(input)", [](const Tensor& x) { return is_floating(x.dtype()); }, 0,
      "Whether it has fractions.");
  functions.add(
      "is_complex(input)", [](const Tensor&) { return false; }, 0, "False.");
  functions.add(
      "is_signed(input)",
      [](const Tensor& x) { return x.dtype() != DType::kUInt8 && x.dtype() != DType::kBool; }, 0,
      "Whether it has negative numbers.");
  functions.add(
      "is_nonzero(input)",
      [](const Tensor& x) {
        if (x.numel() != 1)
          fail<ShapeError>("is_nonzero: only one element has a truth; got shape ", x.shape());
        return x.item() != 0;
      },
      0, "Whether its one element is not 0.");
  functions.add(
      "is_same_size(input, other)",
      [](const Tensor& x, const Tensor& y) { return x.shape() == y.shape(); }, 0,
      "Whether the shapes are the same.");
  rows.add(
      "is_set_to(self, tensor)",
      [](const Tensor& x, const Tensor& y) {
        return x.storage() == y.storage() && x.shape() == y.shape() && x.strides() == y.strides() &&
               x.layout().offset == y.layout().offset;
      },
      0, "Whether both show the same memory alike.");
  rows.add(
      "__contains__(self, element)",
      [](const Tensor& x, const Operand& v) { return any(eq(x, v)).item<int64_t>() != 0; }, 0,
      "Whether some element equals it.");
  rows.add(
      "__reversed__(self)", [](const Tensor& x) { return x.rank() ? flip(x, {0}) : x; }, 0,
      "The first axis in reverse order.");
}

// ---- Values -----------------------------------------------------------------------------------

template <typename T>
PyObject* number_of(T v) {
  if constexpr (std::is_same_v<T, bool>)
    return PyBool_FromLong(v);
  else if constexpr (std::is_integral_v<T>)
    return PyLong_FromLongLong(v);
  else
    return PyFloat_FromDouble(static_cast<double>(
        static_cast<std::conditional_t<std::is_same_v<T, double>, double, float>>(v)));
}

template <typename T>
PyObject* list_of(const Tensor& x, const T* at, int axis) {
  if (axis == x.rank()) return checked(number_of(*at));
  Object list(checked(PyList_New(x.shape()[axis])));
  for (int64_t i = 0; i < x.shape()[axis]; ++i)
    PyList_SET_ITEM(list.get(), i, list_of(x, at + i * x.strides()[axis], axis + 1));
  return list.release();
}

void add_values(const Rows& rows) {
  rows.add(
      "item(self)",
      [](const Tensor& x) -> PyObject* {
        if (x.numel() != 1)
          fail<ShapeError>(
              "item: only a tensor of one element has one value; this one has "
              "shape ",
              x.shape());
        return dispatch(x.dtype(), [&]<typename T>() { return number_of(*x.data<T>()); });
      },
      0, "The one element as a number of Python.");
  rows.add(
      "tolist(self)",
      [](const Tensor& x) -> PyObject* {
        return dispatch(x.dtype(), [&]<typename T>() {
          return list_of(x, x.numel() ? x.data<T>() : nullptr, 0);
        });
      },
      0, "Nested lists of numbers.");
}

// ---- Gradients --------------------------------------------------------------------------------

void add_gradients(const Rows& rows) {
  Rows("torch").add(
      "detach(input)", [](const Tensor& x) { return x.detach(); }, 0,
      "The same elements without history.");
  Rows("torch").add(
      "detach_(input)",
      [](const Self& x) {
        x->body().edge = Edge();
        return x;
      },
      0, "Forgets its history.");
  rows.add(
      "requires_grad_(self, requires_grad=True)",
      [](const Self& x, bool on) {
        x->requires_grad_(on);
        return x;
      },
      0, "Says whether gradients flow to this tensor.");
  rows.add(
      "retain_grad(self)",
      [](const Tensor& x) -> PyObject* {
        retain_grad(x);
        Py_RETURN_NONE;
      },
      0, "Keeps the gradient of an intermediate result in its .grad.");
}

}  // namespace

void add_method_rows() {
  const Rows rows("tensor");
  add_sizes(rows);
  add_questions(rows);
  add_values(rows);
  add_gradients(rows);
}

}  // namespace rush::python
