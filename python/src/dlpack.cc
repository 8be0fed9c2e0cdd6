// DLPack: tensors of other libraries without copies, in both directions. The structures are those
// of the standard (version 0.8, which every library still reads).
#include <utility>

#include "convert.h"
#include "exchange.h"
#include "held.h"

namespace rush::python {
namespace {

struct DlDevice {
  int32_t type, id;
};
struct DlType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct DlTensor {
  void* data;
  DlDevice device;
  int32_t rank;
  DlType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
struct DlManaged {
  DlTensor tensor;
  void* context;
  void (*release)(DlManaged*);
};
enum DlCode : uint8_t { kDlInt = 0, kDlUInt = 1, kDlFloat = 2, kDlBFloat = 4, kDlBool = 6 };
constexpr int32_t kDlCpu = 1;
constexpr const char* kFresh = "dltensor";
constexpr const char* kUsed = "used_dltensor";

DlType dl_type(DType t) {
  const auto bits = static_cast<uint8_t>(8 * size_of(t));
  const uint8_t code = t == bool_       ? kDlBool
                       : t == uint8     ? kDlUInt
                       : t == bfloat16  ? kDlBFloat
                       : is_floating(t) ? kDlFloat
                                        : kDlInt;
  return {code, bits, 1};
}

DType dtype_of(DlType d) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DlType ours = dl_type(static_cast<DType>(i));
    if (ours.code == d.code && ours.bits == d.bits && d.lanes == 1) return static_cast<DType>(i);
  }
  fail<TypeError>("from_dlpack: there is no dtype of DLPack's code ", int{d.code}, " with ",
                  int{d.bits}, " bits and ", int{d.lanes}, " lanes");
}

// A tensor that went out, with the lists its description points to.
struct Exported {
  Tensor tensor;
  Shape shape;
  Strides strides;
  DlManaged managed;
};

void drop_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, kFresh)) return;  // its taker releases it
  auto* managed = static_cast<DlManaged*>(PyCapsule_GetPointer(capsule, kFresh));
  managed->release(managed);
}

}  // namespace

PyObject* to_dlpack(PyObject* tensor) {
  const Tensor& t = tensor_of(tensor);
  if (t.requires_grad())
    fail(
        "__dlpack__: a tensor that requires a gradient has a history that others cannot follow; "
        "use tensor.detach()");
  auto exported = std::make_unique<Exported>(Exported{t, t.shape(), t.strides(), {}});
  Exported& e = *exported;
  e.managed.tensor = {t.raw(),         {kDlCpu, 0},       t.rank(), dl_type(t.dtype()),
                      e.shape.begin(), e.strides.begin(), 0};
  e.managed.context = exported.get();
  e.managed.release = [](DlManaged* m) { delete static_cast<Exported*>(m->context); };
  PyObject* capsule = checked(PyCapsule_New(&e.managed, kFresh, drop_capsule));
  (void)exported.release();
  return capsule;
}

Tensor from_dlpack(PyObject* source) {
  Object capsule = Object::borrow(source);
  if (!PyCapsule_CheckExact(source))
    capsule = Object(checked(PyObject_CallMethod(source, "__dlpack__", nullptr)));
  auto* managed = static_cast<DlManaged*>(PyCapsule_GetPointer(capsule.get(), kFresh));
  if (!managed) throw PythonError();
  const DlTensor& d = managed->tensor;
  if (d.device.type != kDlCpu) fail("from_dlpack: the data is not in the CPU's memory");
  const DType dtype = dtype_of(d.dtype);
  Layout layout;
  for (int32_t i = 0; i < d.rank; ++i) layout.shape.push_back(d.shape[i]);
  layout.strides = contiguous_strides(layout.shape);
  int64_t last = 0;
  for (int32_t i = 0; i < d.rank; ++i) {
    if (d.strides) layout.strides[i] = d.shape[i] > 1 ? d.strides[i] : 1;
    if (layout.strides[i] < 0) fail("from_dlpack: tensors have no negative strides");
    last += (d.shape[i] - 1) * layout.strides[i];
  }
  const size_t bytes = layout.numel() ? static_cast<size_t>(last + 1) * size_of(dtype) : 0;
  const auto release = [](void* m) {
    // What lets go may be a Python object: its library expects the lock.
    const WithGil lock;
    auto* taken = static_cast<DlManaged*>(m);
    if (taken->release) taken->release(taken);
  };
  const Tensor t = Tensor::wrap(static_cast<char*>(d.data) + d.byte_offset, layout, dtype, bytes,
                                release, managed);
  if (PyCapsule_SetName(capsule.get(), kUsed) < 0) throw PythonError();
  return t;
}

}  // namespace rush::python
