// Tensors from Python's data and back: tensor(), as_tensor(), from_numpy(), numpy(), tolist() ...
#include "construct.h"
#include "exchange.h"
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"

namespace rush::python {
namespace {

using MaybeType = std::optional<DType>;

void warn_copy_of_tensor(PyObject* data) {
  if (!is_tensor(data)) return;
  if (PyErr_WarnEx(PyExc_UserWarning,
                   "To copy a tensor, write x.detach().clone(), with .requires_grad_(True) behind "
                   "it if need be, rather than torch.tensor(x)",
                   1) < 0)
    throw PythonError();
}

Tensor from_numpy(PyObject* array) {
  static PyObject* array_type = nullptr;
  if (!array_type && is_array(array)) {
    const Object numpy(checked(PyImport_ImportModule("numpy")));
    array_type = checked(PyObject_GetAttrString(numpy.get(), "ndarray"));
  }
  if (!array_type || PyObject_IsInstance(array, array_type) != 1)
    fail<TypeError>("from_numpy: expected np.ndarray (got ", Py_TYPE(array)->tp_name, ")");
  return tensor_over_array(array, false);
}

PyObject* numpy(PyObject* self, bool force) {
  const Tensor& t = tensor_of(self);
  if (!t.requires_grad()) return array_over_tensor(self);
  if (!force)
    fail(
        "numpy: this tensor requires a gradient, which an array cannot carry; use "
        "tensor.detach().numpy()");
  const Object plain(wrap(t.detach()));
  return array_over_tensor(plain.get());
}

PyObject* as_array(PyObject* self, PyObject* dtype, PyObject* copy) {
  Object array(numpy(self, false));
  if (dtype != Py_None) return checked(PyObject_CallMethod(array.get(), "astype", "O", dtype));
  return copy == Py_True ? checked(PyObject_CallMethod(array.get(), "copy", nullptr))
                         : array.release();
}

// Requires copy=False: what cannot be shared is refused.
void check_needs_no_copy(PyObject* data, MaybeType dtype) {
  const bool has_memory = is_tensor(data) || is_array(data) || PyObject_CheckBuffer(data) ||
                          PyObject_HasAttrString(data, "__dlpack__");
  if (!has_memory) {
    PyErr_Format(PyExc_ValueError,
                 "asarray: with copy=False the object must have memory to share; got %s",
                 Py_TYPE(data)->tp_name);
    throw PythonError();
  }
  if (!dtype || !(is_tensor(data) || is_array(data))) return;
  const DType has =
      is_tensor(data) ? tensor_of(data).dtype() : tensor_over_array(data, true).dtype();
  if (has != *dtype) {
    PyErr_Format(PyExc_ValueError, "asarray: with copy=False the dtype must stay %R; got %R",
                 dtype_object(has), dtype_object(*dtype));
    throw PythonError();
  }
}

Tensor as_array_argument(PyObject* data, MaybeType dtype, const std::optional<bool>& copy) {
  if (copy && *copy) return tensor_from_data(data, dtype);
  if (copy && !*copy) check_needs_no_copy(data, dtype);
  const bool has_bytes = PyBytes_Check(data) || PyByteArray_Check(data) || PyMemoryView_Check(data);
  if (has_bytes) return tensor_over_buffer(data, dtype.value_or(uint8), -1, 0);
  if (!is_tensor(data) && !is_array(data) && PyObject_HasAttrString(data, "__dlpack__"))
    return tensor_sharing_data(Object(wrap(from_dlpack(data))).get(), dtype);
  return tensor_sharing_data(data, dtype);
}

void add_construction(const Rows& rows) {
  rows.add(
      "tensor(data, *, dtype=None)",
      [](const Any& data, const MaybeType& dtype) {
        warn_copy_of_tensor(data.object);
        return tensor_from_data(data.object, dtype);
      },
      kFactory | kFunctionOnly,
      "A tensor with a copy of the data: a number, nested lists, an array or a tensor.");
  rows.add(
      "as_tensor(data, dtype=None, device=None)",
      [](const Any& data, const MaybeType& dtype, const Any&) -> MaybeInPlace {
        return {"as_tensor", tensor_sharing_data(data.object, dtype), false};
      },
      kFunctionOnly, "The data as a tensor; tensors and arrays are shared, lists copied.");
  rows.add(
      "asarray(obj, *, dtype=None, copy=None)",
      [](const Any& data, const MaybeType& dtype, const std::optional<bool>& copy) -> MaybeInPlace {
        return {"asarray", as_array_argument(data.object, dtype, copy), false};
      },
      kFactory | kFunctionOnly,
      "The object as a tensor, shared where that is possible and copy is not True.");
  rows.add(
      "from_numpy(ndarray)", [](const Any& array) { return from_numpy(array.object); },
      kFunctionOnly, "A tensor over the memory of an array: writing to one writes to both.");
  rows.add(
      "frombuffer(buffer, *, dtype, count=-1, offset=0)",
      [](const Any& buffer, DType dtype, int64_t count, int64_t offset) {
        return tensor_over_buffer(buffer.object, dtype, count, offset);
      },
      kFactory | kFunctionOnly, "A 1-d tensor over the bytes of an object, shared with it.");
  rows.add(
      "from_dlpack(ext_tensor, *, device=None, copy=None)",
      [](const Any& source, OnCpu, const std::optional<bool>& copy) {
        const Tensor t = from_dlpack(source.object);
        return copy.value_or(false) ? clone(t) : t;
      },
      kFunctionOnly,
      "A tensor over the memory of another library's, through DLPack, or with a copy of it.");
  rows.add(
      "is_tensor(obj)", [](const Any& o) { return is_tensor(o.object); }, kFunctionOnly,
      "Whether the object is a Tensor.");
}

// A tensor of one element that counts in promotion as `t` does: by rank, dtype and weakness.
Tensor stand_in(const Tensor& t) {
  if (t.is_weak()) return t;
  Shape ones;
  for (int i = 0; i < t.rank(); ++i) ones.push_back(1);
  return zeros(ones, t.dtype());
}

void add_dtypes(const Rows& rows) {
  rows.add(
      "promote_types(type1, type2)", [](DType a, DType b) { return promote(a, b); }, kFunctionOnly,
      "The dtype that tensors of these two have together.");
  rows.add(
      "result_type(tensor1, tensor2)",
      [](const Operand& a, const Operand& b) {
        const DType type = add(stand_in(a), stand_in(b)).dtype();
        return type;
      },
      kFunctionOnly, "The dtype of a result of these tensors or numbers.");
  rows.add(
      "can_cast(from_, to)",
      [](DType from, DType to) {
        if (is_floating(from)) return is_floating(to);
        return from == DType::kBool || to != DType::kBool;
      },
      kFunctionOnly, "Whether conversion keeps the kind of number.");
}

void add_exchange(const Rows& rows) {
  rows.add(
      "numpy(input, *, force=False)",
      [](const Any& self, bool force) { return numpy(self.object, force); }, 0,
      "An array over the tensor's memory: writing to one writes to both. force=True detaches.");
  rows.add(
      "__array__(input, dtype=None, copy=None)",
      [](const Any& self, const Any& dtype, const Any& copy) {
        return as_array(self.object, dtype.object, copy.object);
      },
      0, "What NumPy calls to make an array of a tensor.");
  rows.add(
      "__dlpack__(input, *, stream=None, max_version=None, dl_device=None, copy=None)",
      [](const Any& self, const Any&, const Any&, const Any&, const std::optional<bool>& copy) {
        if (!copy.value_or(false)) return to_dlpack(self.object);
        const Object copied(wrap(clone(tensor_of(self.object))));
        return to_dlpack(copied.get());
      },
      0, "A capsule over the tensor's memory for other libraries.");
  rows.add(
      "__dlpack_device__(input)", [](const Any&) { return checked(Py_BuildValue("(ii)", 1, 0)); },
      0, "DLPack's device of the tensor: (1, 0), the CPU.");
}

}  // namespace

void add_construct_rows() {
  add_construction(Rows("torch"));
  add_dtypes(Rows("torch"));
  add_exchange(Rows("tensor"));
}

}  // namespace rush::python
