#include "nn_arguments.h"

namespace rush::python {

void warn(const std::string& text) {
  const WithGil locked;
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw PythonError();
}

Reduction reduction_of(std::optional<bool> size_average, std::optional<bool> reduce,
                       Reduction given) {
  if (!size_average && !reduce) return given;
  const Reduction meant = !reduce.value_or(true)        ? Reduction::kNone
                          : size_average.value_or(true) ? Reduction::kMean
                                                        : Reduction::kSum;
  const char* name = meant == Reduction::kNone   ? "none"
                     : meant == Reduction::kMean ? "mean"
                                                 : "sum";
  warn(std::string("size_average and reduce args will be deprecated, please use reduction='") +
       name + "' instead.");
  return meant;
}

Reduction reduction_named(const std::string& name) {
  if (name == "none") return Reduction::kNone;
  if (name == "mean") return Reduction::kMean;
  if (name == "sum") return Reduction::kSum;
  fail<ShapeError>("reduction: expected 'none', 'mean' or 'sum'; got '", name, "'");
}

Reduction reduction_of(int64_t number) {
  if (number < 0 || number > 2)
    fail<ShapeError>("reduction: expected 0 (none), 1 (mean) or 2 (sum); got ", number);
  return number == 0 ? Reduction::kNone : number == 1 ? Reduction::kMean : Reduction::kSum;
}

Dims SizesOrNone::fill_from(const char* op, const Tensor& x, int axes) const {
  if (sizes.size() != 1 && sizes.size() != static_cast<size_t>(axes))
    fail<ShapeError>(op, ": output_size takes 1 or ", axes, " sizes; got ", sizes.size());
  if (x.rank() < axes)
    fail<ShapeError>(op, ": x must have ", axes + 1, " or ", axes + 2, " axes; got ", x.shape());
  Dims filled;
  for (int i = 0; i < axes; ++i) {
    const auto& size = sizes[sizes.size() == 1 ? 0 : static_cast<size_t>(i)];
    filled.push_back(size.value_or(x.size(x.rank() - axes + i)));
  }
  return filled;
}

bool From<Lengths>::load(PyObject* o, Lengths& place) {
  if (is_tensor(o)) {
    if (is_floating(tensor_of(o).dtype())) return false;
    place.tensor = tensor_of(o).to(DType::kInt64);
    return true;
  }
  std::vector<int64_t> values;
  if (!From<std::vector<int64_t>>::load(o, values)) return false;
  place.tensor = Tensor::from(values);
  return true;
}

bool From<SizesOrNone>::load(PyObject* o, SizesOrNone& place) {
  const auto add = [&](PyObject* item) {
    int64_t size = 0;
    if (item != Py_None && !From<int64_t>::load(item, size)) return false;
    place.sizes.push_back(item == Py_None ? std::nullopt : std::optional(size));
    return true;
  };
  if (!PyList_Check(o) && !PyTuple_Check(o)) return add(o);
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(o); ++i)
    if (!add(PySequence_Fast_GET_ITEM(o, i))) return false;
  return true;
}

bool From<Numbers>::load(PyObject* o, Numbers& place) {
  if (o == Py_None) return true;
  double one = 0;
  if (!From<double>::load(o, one)) return From<std::vector<double>>::load(o, place.values);
  place.values = {one};
  return true;
}

}  // namespace rush::python
