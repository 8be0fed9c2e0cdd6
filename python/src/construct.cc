#include "construct.h"

#include <type_traits>

#include "convert.h"
#include "exchange.h"

namespace rush::python {
namespace {

// What a nested list holds: its shape, and the type its elements have together.
struct Survey {
  Dims shape;
  std::optional<DType> dtype;  // Python's floats count as the default dtype

  void look(PyObject* o, int depth) {
    if (PyFloat_CheckExact(o)) return number(default_dtype(), depth);
    if (PyBool_Check(o)) return number(bool_, depth);
    if (PyLong_Check(o)) return number(int64, depth);
    if (is_tensor(o)) return look_tensor(tensor_of(o), depth);
    if (PyList_Check(o) || PyTuple_Check(o)) return look_sequence(o, depth);
    if (auto array = foreign_operand(o)) return look_tensor(*array, depth);
    if (PyFloat_Check(o)) return number(default_dtype(), depth);
    if (PyUnicode_Check(o) || PyBytes_Check(o))
      fail<TypeError>("tensor: expected numbers and lists of them; got ", Py_TYPE(o)->tp_name);
    if (PySequence_Check(o)) return look_sequence(o, depth);
    const auto n = weak_number(o);
    if (!n) fail("tensor: could not infer a dtype of ", Py_TYPE(o)->tp_name, " objects");
    number(n->dtype(), depth);
  }

 private:
  int rank_ = -1;  // known once the first number is reached

  void look_sequence(PyObject* o, int depth) {
    if (depth > kMaxDepth) fail<ShapeError>("tensor: lists are nested too deeply");
    const Object items(checked(PySequence_Fast(o, "a sequence is needed")));
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(items.get());
    enter(depth, count);
    for (Py_ssize_t i = 0; i < count; ++i)
      look(PySequence_Fast_GET_ITEM(items.get(), i), depth + 1);
  }
  void enter(int depth, int64_t count) {
    if (rank_ >= 0 && depth >= rank_)
      fail<ShapeError>("tensor: lists and numbers stand side by side at depth ", depth);
    if (depth == shape.size() && rank_ < 0) {
      shape.push_back(count);
      if (count == 0) rank_ = depth + 1;
      return;
    }
    if (depth >= shape.size() || shape[depth] != count)
      fail<ShapeError>(
          "tensor: lists of one depth must be equally long; expected a sequence of "
          "length ",
          depth < shape.size() ? shape[depth] : 0, " at depth ", depth, " (got ", count, ")");
  }
  void number(DType t, int depth) {
    if (t != dtype) dtype = dtype ? promote(*dtype, t) : t;
    if (rank_ < 0) rank_ = depth;
    if (depth != rank_)
      fail<ShapeError>("tensor: lists and numbers stand side by side at depth ", depth);
  }
  void look_tensor(const Tensor& t, int depth) {
    for (int i = 0; i < t.rank(); ++i) enter(depth + i, t.shape()[i]);
    number(t.dtype(), depth + t.rank());
  }
  static constexpr int kMaxDepth = 64;
};

// Writes the numbers of a nested list one after another.
template <typename T>
struct Writer {
  T* to;

  void write(PyObject* o) {
    if (PyFloat_CheckExact(o)) {
      *to++ = static_cast<T>(PyFloat_AS_DOUBLE(o));
    } else if (PyLong_Check(o)) {
      *to++ = whole(o);
    } else if (is_tensor(o)) {
      write_tensor(tensor_of(o));
    } else if (PyList_Check(o) || PyTuple_Check(o)) {
      write_sequence(o);
    } else if (auto array = foreign_operand(o)) {
      write_tensor(*array);
    } else if (PySequence_Check(o)) {
      write_sequence(o);
    } else {
      const Tensor n = *weak_number(o);
      *to++ = std::is_integral_v<T> ? static_cast<T>(n.item<int64_t>()) : static_cast<T>(n.item());
    }
  }

 private:
  static T whole(PyObject* o) {
    if constexpr (std::is_integral_v<T>) {
      int64_t v = 0;
      From<int64_t>::load(o, v);
      return static_cast<T>(v);
    } else {
      const double v = PyLong_AsDouble(o);
      if (v == -1 && PyErr_Occurred()) throw PythonError();
      return static_cast<T>(v);
    }
  }
  void write_tensor(const Tensor& t) {
    using Wide = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
    for (const Wide v : t.to_vector<Wide>()) *to++ = static_cast<T>(v);
  }
  void write_sequence(PyObject* o) {
    const Object items(checked(PySequence_Fast(o, "a sequence is needed")));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i)
      write(PySequence_Fast_GET_ITEM(items.get(), i));
  }
};

template <typename T>
Tensor written(PyObject* data, const Dims& shape) {
  const Tensor t = Tensor::empty(shape, dtype_of<T>);
  Writer<T>{t.data<T>()}.write(data);
  return t;
}

Tensor copy_as(const Tensor& t, std::optional<DType> dtype) {
  const Tensor plain = t.detach();
  return dtype && *dtype != t.dtype() ? plain.to(*dtype) : plain.clone();
}

}  // namespace

Tensor tensor_from_data(PyObject* data, std::optional<DType> dtype) {
  if (is_tensor(data)) return copy_as(tensor_of(data), dtype);
  if (auto array = foreign_operand(data)) return copy_as(*array, dtype);
  Survey survey;
  survey.look(data, 0);
  const DType natural = survey.dtype.value_or(default_dtype());
  const DType type = dtype.value_or(natural);
  // Whole numbers go through int64 and others through double, so that no digit is lost on the way.
  if (!is_floating(natural) && !is_floating(type))
    return written<int64_t>(data, survey.shape).to(type);
  if (type == float32) return written<float>(data, survey.shape);
  return written<double>(data, survey.shape).to(type);
}

Tensor tensor_sharing_data(PyObject* data, std::optional<DType> dtype) {
  Tensor t;
  if (is_tensor(data))
    t = tensor_of(data);
  else if (is_array(data))
    t = tensor_over_array(data, true);
  else
    return tensor_from_data(data, dtype);
  return dtype && *dtype != t.dtype() ? t.to(*dtype) : t;
}

}  // namespace rush::python
