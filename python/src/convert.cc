#include "convert.h"

#include <nanobind/nanobind.h>

#include <span>

#include "classes.h"
#include "exchange.h"
#include "modes.h"

namespace rush::python {
namespace {

// The items of a list or tuple; nothing for other objects.
struct Items {
  PyObject* const* data = nullptr;
  Py_ssize_t count = -1;
  explicit Items(PyObject* o) {
    if (PyList_Check(o) || PyTuple_Check(o)) {
      data = PySequence_Fast_ITEMS(o);
      count = PySequence_Fast_GET_SIZE(o);
    }
  }
  explicit operator bool() const { return count >= 0; }
  auto span() const { return std::span(data, static_cast<size_t>(count)); }
};

template <typename T, typename Out>
bool load_list(PyObject* o, Out&& push) {
  const Items items(o);
  if (!items) return false;
  for (PyObject* item : items.span()) {
    typename From<T>::Place value{};
    if (!From<T>::load(item, value)) return false;
    push(From<T>::get(value));
  }
  return true;
}

bool load_dims(PyObject* o, Dims& place) {
  if (PyBool_Check(o)) return false;
  int64_t one = 0;
  if (From<int64_t>::load(o, one)) {
    place = {one};
    return true;
  }
  if (is_tensor(o) && tensor_of(o).rank() == 1 && is_integral(tensor_of(o).dtype())) {
    place = tensor_of(o).to_vector<int64_t>();
    return true;
  }
  place.clear();
  return load_list<int64_t>(o, [&](int64_t v) { place.push_back(v); });
}

}  // namespace

std::optional<Tensor> weak_number(PyObject* o) {
  if (PyBool_Check(o)) return Tensor(o == Py_True);
  if (PyFloat_Check(o)) return Tensor(PyFloat_AS_DOUBLE(o));
  if (PyLong_Check(o)) {
    int overflow = 0;
    const long long v = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow) fail<TypeError>("a whole number does not fit into 64 bits");
    return Tensor(static_cast<int64_t>(v));
  }
  if (PyComplex_Check(o)) return {};
  // NumPy's scalars and the like; arrays, strings and sequences have neither or are no numbers.
  PyNumberMethods* as_number = Py_TYPE(o)->tp_as_number;
  if (!as_number || is_tensor(o)) return {};
  if (as_number->nb_index) {
    const Object whole(PyNumber_Index(o));
    if (whole) return weak_number(whole.get());
    PyErr_Clear();
  }
  if (as_number->nb_float && !PySequence_Check(o)) {
    const double v = PyFloat_AsDouble(o);
    if (v != -1 || !PyErr_Occurred()) return Tensor(v);
    PyErr_Clear();
  }
  return {};
}

bool From<Operand>::load(PyObject* o, Operand& place) {
  if (is_tensor(o)) {
    static_cast<Tensor&>(place) = tensor_of(o);
    return true;
  }
  auto number = weak_number(o);
  if (!number) number = foreign_operand(o);
  if (!number) return false;
  static_cast<Tensor&>(place) = std::move(*number);
  return true;
}

bool From<Maybe>::load(PyObject* o, Maybe& place) {
  if (o == Py_None) return true;
  if (!is_tensor(o)) return false;
  static_cast<Tensor&>(place) = tensor_of(o);
  return true;
}

bool From<Self>::load(PyObject* o, Self& place) {
  place.object = o;
  return is_tensor(o);
}

bool From<OnCpu>::load(PyObject* o, OnCpu&) {
  if (o != Py_None && !PyUnicode_Check(o) && !PyLong_CheckExact(o) && !is_device(o)) return false;
  check_device(o);
  return true;
}

bool From<Any>::load(PyObject* o, Any& place) {
  place.object = o;
  return true;
}

bool From<bool>::load(PyObject* o, bool& place) {
  if (PyBool_Check(o)) {
    place = o == Py_True;
    return true;
  }
  if (!PyLong_Check(o)) {  // NumPy's bool; a tensor of one element
    PyNumberMethods* as_number = Py_TYPE(o)->tp_as_number;
    if (!as_number || !as_number->nb_bool || PySequence_Check(o) || PyFloat_Check(o)) return false;
  }
  const int truth = PyObject_IsTrue(o);
  if (truth < 0) throw PythonError();
  place = truth != 0;
  return true;
}

bool From<int64_t>::load(PyObject* o, int64_t& place) {
  if (!PyLong_Check(o)) {
    if (is_tensor(o)) {
      const Tensor& t = tensor_of(o);
      if (t.numel() != 1 || is_floating(t.dtype()) || !t.has_data()) return false;
      place = t.item<int64_t>();
      return true;
    }
    PyNumberMethods* as_number = Py_TYPE(o)->tp_as_number;
    if (!as_number || !as_number->nb_index) return false;
    const Object whole(PyNumber_Index(o));
    if (!whole) {
      PyErr_Clear();
      return false;
    }
    return From<int64_t>::load(whole.get(), place);
  }
  int overflow = 0;
  place = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (overflow) fail<IndexError>("a whole number does not fit into 64 bits");
  return true;
}

bool From<double>::load(PyObject* o, double& place) {
  if (PyFloat_Check(o)) {
    place = PyFloat_AS_DOUBLE(o);
    return true;
  }
  if (is_tensor(o)) {
    if (tensor_of(o).numel() != 1 || !tensor_of(o).has_data()) return false;
    place = tensor_of(o).item();
    return true;
  }
  if (!PyLong_Check(o)) {
    PyNumberMethods* as_number = Py_TYPE(o)->tp_as_number;
    if (!as_number || PySequence_Check(o) || !(as_number->nb_float || as_number->nb_index))
      return false;
  }
  place = PyFloat_AsDouble(o);
  if (place == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    return false;
  }
  return true;
}

bool From<std::string>::load(PyObject* o, std::string& place) {
  if (!PyUnicode_Check(o)) return false;
  Py_ssize_t size = 0;
  const char* text = checked(PyUnicode_AsUTF8AndSize(o, &size));
  place.assign(text, static_cast<size_t>(size));
  return true;
}

bool From<DType>::load(PyObject* o, DType& place) {
  const auto t = dtype_of_object(o);
  if (t) place = *t;
  return t.has_value();
}

bool From<Dims>::load(PyObject* o, Dims& place) { return load_dims(o, place); }
bool From<Axes>::load(PyObject* o, Axes& place) { return o == Py_None || load_dims(o, place); }
bool From<PerAxis>::load(PyObject* o, PerAxis& place) {
  if (o == Py_None) return true;
  Dims values;
  if (!load_dims(o, values)) return false;
  place = PerAxis(values);
  return true;
}

bool From<std::vector<int64_t>>::load(PyObject* o, std::vector<int64_t>& place) {
  return load_list<int64_t>(o, [&](int64_t v) { place.push_back(v); });
}
bool From<std::vector<Dims>>::load(PyObject* o, std::vector<Dims>& place) {
  return load_list<Dims>(o, [&](const Dims& v) { place.push_back(v); });
}
bool From<std::vector<double>>::load(PyObject* o, std::vector<double>& place) {
  return load_list<double>(o, [&](double v) { place.push_back(v); });
}
bool From<std::vector<bool>>::load(PyObject* o, std::vector<bool>& place) {
  return load_list<bool>(o, [&](bool v) { place.push_back(v); });
}
bool From<std::vector<Tensor>>::load(PyObject* o, std::vector<Tensor>& place) {
  return load_list<Tensor>(o, [&](const Tensor& v) { place.push_back(v); });
}

bool From<Generator*>::load(PyObject* o, Generator*& place) {
  place = nullptr;
  return o == Py_None || nanobind::try_cast(nanobind::handle(o), place);
}

bool From<Reduction>::load(PyObject* o, Reduction& place) {
  std::string name;
  if (!From<std::string>::load(o, name)) return false;
  if (name == "mean")
    place = Reduction::kMean;
  else if (name == "sum")
    place = Reduction::kSum;
  else if (name == "none")
    place = Reduction::kNone;
  else
    fail<ShapeError>("reduction: expected 'none', 'mean' or 'sum'; got '", name, "'");
  return true;
}

PyObject* tuple_of(std::span<Tensor> tensors) {
  Object tuple(checked(PyTuple_New(static_cast<Py_ssize_t>(tensors.size()))));
  for (size_t i = 0; i < tensors.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), wrap(std::move(tensors[i])));
  return tuple.release();
}

}  // namespace rush::python
