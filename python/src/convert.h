// From Python's arguments to what C++ functions take, and from their results back.
//
// From<T>::load(object, place) says whether the object is a T at all: where it is not, the next
// signature of the function is tried. What is a T but cannot be used raises at once.
#pragma once

#include <Python.h>

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dtype_object.h"
#include "errors.h"
#include "rush/base/random.h"
#include "rush/core/op.h"
#include "rush/kernels/attrs/loss.h"
#include "rush/ops/per_axis.h"
#include "tensor_object.h"

namespace rush::python {

// A tensor or a plain number.
struct Operand : Tensor {
  using Tensor::Tensor;
};
// A tensor or None, which is an undefined tensor.
struct Maybe : Tensor {
  using Tensor::Tensor;
};
// None, one axis or several; none at all: all of them.
struct Axes : Dims {
  using Dims::Dims;
};
// The result of what is done for its effect: None.
struct Nothing {};
// One tensor, or a tuple of several, as the options of a function decide.
struct OneOrMore {
  std::vector<Tensor> tensors;
};
// Any object.
struct Any {
  PyObject* object = nullptr;
};

// The tensor a method was called on, for those that give it back: `return x`.
struct Self {
  PyObject* object = nullptr;
  const Tensor& operator*() const { return tensor_of(object); }
  const Tensor* operator->() const { return &tensor_of(object); }
};
// A device=: anything but the CPU raises.
struct OnCpu {};

template <typename T>
struct From;

template <>
struct From<Tensor> {
  static constexpr const char* kName = "Tensor";
  static bool load(PyObject* o, const Tensor*& place) {
    if (!is_tensor(o)) return false;
    place = &tensor_of(o);
    return true;
  }
  using Place = const Tensor*;
  static const Tensor& get(const Tensor* place) { return *place; }
};

#define RUSH_PLAIN_FROM(T, name)               \
  template <>                                  \
  struct From<T> {                             \
    static constexpr const char* kName = name; \
    using Place = T;                           \
    static bool load(PyObject* o, T& place);   \
    static T& get(T& place) { return place; }  \
  }
RUSH_PLAIN_FROM(Operand, "Union[Tensor, Number]");
RUSH_PLAIN_FROM(Maybe, "Optional[Tensor]");
RUSH_PLAIN_FROM(Axes, "Union[int, Sequence[int], None]");
RUSH_PLAIN_FROM(Any, "Any");
RUSH_PLAIN_FROM(Self, "Tensor");
RUSH_PLAIN_FROM(OnCpu, "Union[device, str, int, None]");
RUSH_PLAIN_FROM(bool, "bool");
RUSH_PLAIN_FROM(int64_t, "int");
RUSH_PLAIN_FROM(double, "float");
RUSH_PLAIN_FROM(std::string, "str");
RUSH_PLAIN_FROM(DType, "dtype");
RUSH_PLAIN_FROM(Dims, "Union[int, Sequence[int]]");
RUSH_PLAIN_FROM(PerAxis, "Union[int, Sequence[int]]");
RUSH_PLAIN_FROM(std::vector<int64_t>, "Sequence[int]");
RUSH_PLAIN_FROM(std::vector<Dims>, "Sequence[Sequence[int]]");
RUSH_PLAIN_FROM(std::vector<double>, "Sequence[float]");
RUSH_PLAIN_FROM(std::vector<bool>, "Sequence[bool]");
RUSH_PLAIN_FROM(std::vector<Tensor>, "Sequence[Tensor]");
RUSH_PLAIN_FROM(Generator*, "Optional[Generator]");
RUSH_PLAIN_FROM(Reduction, "str");
#undef RUSH_PLAIN_FROM

// None is nothing.
template <typename T>
struct From<std::optional<T>> {
  static inline const std::string kText = std::string("Optional[") + From<T>::kName + "]";
  static inline const char* kName = kText.c_str();
  using Place = std::optional<T>;
  static bool load(PyObject* o, std::optional<T>& place) {
    if (o == Py_None) return true;
    typename From<T>::Place inner{};
    if (!From<T>::load(o, inner)) return false;
    place = std::move(From<T>::get(inner));
    return true;
  }
  static std::optional<T>& get(std::optional<T>& place) { return place; }
};

// Results; new references.
inline PyObject* to_python(Tensor t) { return wrap(std::move(t)); }
inline PyObject* to_python(PyObject* o) { return checked(o); }
inline PyObject* to_python(const Self& self) { return Py_NewRef(self.object); }
inline PyObject* to_python(Nothing) { return Py_NewRef(Py_None); }
template <std::same_as<bool> T>
PyObject* to_python(T v) {
  return PyBool_FromLong(v);
}
inline PyObject* to_python(int64_t v) { return checked(PyLong_FromLongLong(v)); }
inline PyObject* to_python(double v) { return checked(PyFloat_FromDouble(v)); }
inline PyObject* to_python(const std::string& v) {
  return checked(PyUnicode_FromStringAndSize(v.data(), static_cast<Py_ssize_t>(v.size())));
}
inline PyObject* to_python(DType t) {
  PyObject* o = dtype_object(t);
  Py_INCREF(o);
  return o;
}
PyObject* tuple_of(std::span<Tensor> tensors);
inline PyObject* to_python(Tensors t) { return tuple_of({t.begin(), t.size()}); }
inline PyObject* to_python(std::vector<Tensor> t) { return tuple_of(t); }
inline PyObject* to_python(OneOrMore t) {
  return t.tensors.size() == 1 ? wrap(std::move(t.tensors[0])) : tuple_of(t.tensors);
}
template <typename... Ts>
PyObject* to_python(std::tuple<Ts...> t) {
  return std::apply(
      [](auto&&... part) {
        Tensor parts[] = {std::move(part)...};
        return tuple_of(parts);
      },
      std::move(t));
}
inline PyObject* to_python(std::pair<Tensor, Tensor> t) {
  Tensor parts[] = {std::move(t.first), std::move(t.second)};
  return tuple_of(parts);
}

// Results with named parts, as torch.return_types: `static const NamedTuple kMax("max", {"values",
// "indices"}); return kMax({values, indices});`
class NamedTuple {
 public:
  struct Parts {
    const NamedTuple* type;
    Tensors tensors;
  };
  NamedTuple(const char* name, std::initializer_list<const char*> fields);
  Parts operator()(std::initializer_list<Tensor> parts) const { return {this, parts}; }
  PyObject* of(std::initializer_list<PyObject*> parts) const;  // takes them over
  PyTypeObject* type() const;                                  // made at first use
  const std::string& name() const { return name_; }
  const std::vector<PyStructSequence_Field>& fields() const { return fields_; }

 private:
  std::vector<PyStructSequence_Field> fields_;
  std::string name_;
  mutable PyTypeObject* type_ = nullptr;
};
PyObject* to_python(NamedTuple::Parts parts);
// Makes the classes of all named results and enters them as submodule return_types.
void make_return_types(PyObject* module);

// Numbers: a Python int, float or bool, something with __index__ or __float__, or a one-element
// tensor. Nothing for other objects.
std::optional<Tensor> weak_number(PyObject* o);

}  // namespace rush::python
