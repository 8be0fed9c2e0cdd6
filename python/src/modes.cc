#include "modes.h"

#include <cstring>

#include "function.h"

namespace rush::python {

std::optional<DType>& autocast_dtype() {
  static thread_local std::optional<DType> type;
  return type;
}

void Autocast::cast(unsigned flags, PyObject** values, size_t count) {
  const auto half = autocast_dtype();
  if (!half) return;
  const DType to = flags & kLowerPrecision ? *half : DType::kFloat32;
  const auto casts = [&](const Tensor& t) {
    return is_floating(t.dtype()) && t.dtype() != DType::kFloat64 && t.dtype() != to;
  };
  for (size_t i = 0; i < count; ++i) {
    if (!is_tensor(values[i]) || !casts(tensor_of(values[i]))) continue;
    values[i] = made_.emplace_back(wrap(tensor_of(values[i]).to(to))).get();
  }
}

bool is_cpu_name(const char* name) {
  return std::strcmp(name, "cpu") == 0 || std::strncmp(name, "cpu:", 4) == 0;
}

void check_device(PyObject* device) {
  if (device == Py_None) return;
  const Object text(checked(PyObject_Str(device)));
  const char* name = checked(PyUnicode_AsUTF8(text.get()));
  if (!is_cpu_name(name)) fail("device: there is no '", name, "' here; this engine runs on 'cpu'");
}

}  // namespace rush::python
