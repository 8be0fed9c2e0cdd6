#include "construct.h"

#include <algorithm>
#include <vector>

#include "convert.h"

namespace rush::python {
namespace {

// What a nested list holds: its shape, and the widest kind of number in it.
struct Survey {
  enum Kind { kNothing, kBool, kInt, kFloat };
  Dims shape;
  Kind kind = kNothing;
  std::optional<DType> of_tensors;  // tensors inside decide the type

  void look(PyObject* o, int depth) {
    if (is_tensor(o)) return look_tensor(tensor_of(o), depth);
    if (PyBool_Check(o)) return number(kBool, depth);
    if (PyFloat_Check(o)) return number(kFloat, depth);
    if (PyLong_Check(o)) return number(kInt, depth);
    if (PyUnicode_Check(o) || !PySequence_Check(o)) return look_number(o, depth);
    const Object items(checked(PySequence_Fast(o, "a sequence is needed")));
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(items.get());
    enter(depth, count);
    for (Py_ssize_t i = 0; i < count; ++i)
      look(PySequence_Fast_GET_ITEM(items.get(), i), depth + 1);
  }

 private:
  int rank_ = -1;  // known once the first number is reached

  void enter(int depth, int64_t count) {
    if (rank_ >= 0 && depth >= rank_)
      fail<ShapeError>("tensor: lists and numbers stand side by side at depth ", depth);
    if (depth == shape.size() && rank_ < 0) {
      shape.push_back(count);
      return;
    }
    if (shape[depth] != count)
      fail<ShapeError>("tensor: lists of one depth must be equally long; got ", shape[depth],
                       " and ", count, " at depth ", depth);
  }
  void number(Kind k, int depth) {
    kind = std::max(kind, k);
    if (rank_ < 0) rank_ = depth;
    if (depth != rank_)
      fail<ShapeError>("tensor: lists and numbers stand side by side at depth ", depth);
  }
  void look_number(PyObject* o, int depth) {
    const auto n = weak_number(o);
    if (!n)
      fail<TypeError>("tensor: expected numbers and lists of them; got ", Py_TYPE(o)->tp_name);
    number(is_floating(n->dtype()) ? kFloat : n->dtype() == bool_ ? kBool : kInt, depth);
  }
  void look_tensor(const Tensor& t, int depth) {
    of_tensors = of_tensors ? promote(*of_tensors, t.dtype()) : t.dtype();
    for (int i = 0; i < t.rank(); ++i) enter(depth + i, t.shape()[i]);
    number(kNothing, depth + t.rank());
  }
};

// Writes the numbers of a nested list one after another.
template <typename T>
void write(PyObject* o, T*& to) {
  if (is_tensor(o)) {
    for (const auto v :
         tensor_of(o).to_vector<std::conditional_t<std::is_integral_v<T>, int64_t, double>>())
      *to++ = static_cast<T>(v);
  } else if (PyFloat_Check(o)) {
    *to++ = static_cast<T>(PyFloat_AS_DOUBLE(o));
  } else if (PyLong_Check(o)) {
    if constexpr (std::is_integral_v<T>) {
      int64_t v = 0;
      From<int64_t>::load(o, v);
      *to++ = static_cast<T>(v);
    } else {
      const double v = PyLong_AsDouble(o);
      if (v == -1 && PyErr_Occurred()) throw PythonError();
      *to++ = static_cast<T>(v);
    }
  } else if (PySequence_Check(o)) {
    const Object items(checked(PySequence_Fast(o, "a sequence is needed")));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i)
      write(PySequence_Fast_GET_ITEM(items.get(), i), to);
  } else {
    const Tensor n = *weak_number(o);
    *to++ = std::is_integral_v<T> ? static_cast<T>(n.item<int64_t>()) : static_cast<T>(n.item());
  }
}

}  // namespace

Tensor tensor_from_data(PyObject* data, std::optional<DType> dtype) {
  Survey survey;
  survey.look(data, 0);
  const DType natural = survey.kind == Survey::kFloat || survey.kind == Survey::kNothing
                            ? survey.of_tensors.value_or(default_dtype())
                        : survey.of_tensors           ? *survey.of_tensors
                        : survey.kind == Survey::kInt ? int64
                                                      : bool_;
  const DType type = dtype.value_or(natural);
  // Whole numbers go through int64 and others through double, so that no digit is lost on the way.
  if (survey.kind != Survey::kFloat && survey.kind != Survey::kNothing && !is_floating(natural)) {
    const Tensor t = Tensor::empty(survey.shape, int64);
    auto* to = t.data<int64_t>();
    write(data, to);
    return t.to(type);
  }
  const Tensor t = Tensor::empty(survey.shape, float64);
  auto* to = t.data<double>();
  write(data, to);
  return t.to(type);
}

}  // namespace rush::python
