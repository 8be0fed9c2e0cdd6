// Methods that change dtype, layout or place, and that give values to Python.
#include "function.h"
#include "rows.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "strided.h"

namespace rush::python {
namespace {

// x itself where nothing changes, and then the same object in Python.
MaybeInPlace converted(const Tensor& x, std::optional<DType> t, bool copy, const Any& format) {
  Tensor y = t ? cast(x, *t) : x;
  if (copy && y.is_same(x)) y = clone(x);
  return {"to", in_format(y, format.object), false};
}

void add_to(const Rows& rows) {
  rows.add(
      "to(self, dtype, non_blocking=False, copy=False, *, memory_format=None)",
      [](const Tensor& x, DType t, bool, bool copy, const Any& format) {
        return converted(x, t, copy, format);
      },
      0, "Another dtype; the device is always the CPU.");
  rows.add(
      "to(self, device=None, dtype=None, non_blocking=False, copy=False, *, "
      "memory_format=None)",
      [](const Tensor& x, OnCpu, std::optional<DType> t, bool, bool copy, const Any& format) {
        return converted(x, t, copy, format);
      });
  rows.add("to(self, other, non_blocking=False, copy=False, *, memory_format=None)",
           [](const Tensor& x, const Tensor& other, bool, bool copy, const Any& format) {
             return converted(x, other.dtype(), copy, format);
           });
  rows.add(
      "type_as(self, other)",
      [](const Tensor& x, const Tensor& other) -> MaybeInPlace {
        return {"type_as", cast(x, other.dtype()), false};
      },
      0, "In other's dtype.");
}

struct TypeName {
  const char* method;
  DType type;
  const char* old;  // torch.FloatTensor
};
constexpr TypeName kTypeNames[] = {
    {"float", DType::kFloat32, "FloatTensor"}, {"double", DType::kFloat64, "DoubleTensor"},
    {"half", DType::kFloat16, "HalfTensor"},   {"bfloat16", DType::kBFloat16, "BFloat16Tensor"},
    {"int", DType::kInt32, "IntTensor"},       {"long", DType::kInt64, "LongTensor"},
    {"short", DType::kInt16, "ShortTensor"},   {"char", DType::kInt8, "CharTensor"},
    {"byte", DType::kUInt8, "ByteTensor"},     {"bool", DType::kBool, "BoolTensor"}};

template <DType t>
void add_type_method(const Rows& rows, const char* name) {
  rows.add((std::string(name) + "(self, memory_format=None)").c_str(),
           [](const Tensor& x, const Any& format) { return converted(x, t, false, format); }, 0,
           "In this dtype.");
}

DType type_of_name(const std::string& name) {
  for (const TypeName& n : kTypeNames)
    if (name.ends_with(std::string(".") + n.old)) return n.type;
  fail<TypeError>("type: expected a dtype or a name such as 'torch.FloatTensor'; got '", name, "'");
}

void add_types(const Rows& rows) {
  add_type_method<DType::kFloat32>(rows, "float");
  add_type_method<DType::kFloat64>(rows, "double");
  add_type_method<DType::kFloat16>(rows, "half");
  add_type_method<DType::kBFloat16>(rows, "bfloat16");
  add_type_method<DType::kInt32>(rows, "int");
  add_type_method<DType::kInt64>(rows, "long");
  add_type_method<DType::kInt16>(rows, "short");
  add_type_method<DType::kInt8>(rows, "char");
  add_type_method<DType::kUInt8>(rows, "byte");
  add_type_method<DType::kBool>(rows, "bool");
  rows.add(
      "type(self, dtype=None, non_blocking=False)",
      [](const Self& x, std::optional<DType> t, bool) -> PyObject* {
        if (t) return *t == x->dtype() ? to_python(x) : wrap(cast(*x, *t));
        for (const TypeName& n : kTypeNames)
          if (n.type == x->dtype()) return to_python(std::string("torch.") + n.old);
        return nullptr;
      },
      0, "The name of its type, or the same in another dtype.");
  rows.add("type(self, dtype, non_blocking=False)",
           [](const Tensor& x, const std::string& name, bool) -> MaybeInPlace {
             return {"type", cast(x, type_of_name(name)), false};
           });
}

void add_places(const Rows& rows) {
  rows.add(
      "cpu(self, memory_format=None)", [](const Self& x, const Any&) { return x; }, 0,
      "Itself: all tensors are there.");
  rows.add("cuda(self, device=None, non_blocking=False, memory_format=None)",
           [](const Tensor&, const Any&, bool, const Any&) -> Tensor {
             fail("cuda: there is no GPU here; this engine runs on 'cpu'");
           });
  for (const char* text : {"pin_memory(self)", "share_memory_(self)"})
    rows.add(
        text, [](const Self& x) { return x; }, 0, "Itself: there is nothing to do.");
  for (const char* text : {"is_pinned(self)", "is_shared(self)"})
    rows.add(
        text, [](const Tensor&) { return false; }, 0, "False.");
}

void add_kinds() {
  for (const char* text : {"is_conj(input)", "is_neg(input)", "is_inference(input)"})
    Rows("torch").add(
        text, [](const Tensor&) { return false; }, 0, "False.");
}

void add_layouts(const Rows& rows) {
  rows.add(
      "contiguous(self, memory_format=None)",
      [](const Self& x, const Any& format) -> PyObject* {
        if (is_channels_last_format(format.object)) return wrap(in_channels_last(*x));
        return x->is_contiguous() ? to_python(x) : wrap(contiguous(*x));
      },
      0, "Itself if it is row-major without gaps, else such a copy.");
  rows.add(
      "is_contiguous(self, memory_format=None)",
      [](const Tensor& x, const Any& format) {
        return is_channels_last_format(format.object) ? is_channels_last(x.shape(), x.strides())
                                                      : x.is_contiguous();
      },
      0, "Whether it is row-major without gaps.");
  Rows("torch").add("clone(input, *, memory_format=None)", [](const Tensor& x, const Any& format) {
    return in_format(clone(x), format.object);
  });
  Rows("torch").add(
      "as_strided(input, size, stride, storage_offset=None)",
      [](const Tensor& x, const Dims& size, const Dims& strides, std::optional<int64_t> offset) {
        return as_strided(x, size, strides, offset);
      },
      0, "Elements of the storage by strides of your own.");
}

}  // namespace

void add_convert_rows() {
  const Rows rows("tensor");
  add_to(rows);
  add_types(rows);
  add_places(rows);
  add_kinds();
  add_layouts(rows);
}

}  // namespace rush::python
