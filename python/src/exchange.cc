#include "exchange.h"

#include <cstring>

#include "construct.h"
#include "convert.h"
#include "held.h"

namespace rush::python {

namespace {

[[noreturn]] void raise(PyObject* type, const std::string& text) {
  PyErr_SetString(type, text.c_str());
  throw PythonError();
}

// ---- Python's memory as a tensor --------------------------------------------------------------

// A buffer that was asked for, until it is given back.
class Buffer {
 public:
  Buffer(PyObject* o, int flags) { is_there_ = PyObject_GetBuffer(o, &view_, flags) == 0; }
  ~Buffer() {
    if (is_there_) PyBuffer_Release(&view_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  explicit operator bool() const { return is_there_; }
  const Py_buffer* operator->() const { return &view_; }

 private:
  Py_buffer view_{};
  bool is_there_ = false;
};

std::optional<DType> dtype_of_format(const char* format, Py_ssize_t size) {
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  if (format[0] == 0 || format[1] != 0) return {};
  if (*format == '?') return bool_;
  if (*format == 'e') return float16;
  if (*format == 'f') return float32;
  if (*format == 'd') return float64;
  if (*format == 'B') return uint8;
  if (!std::strchr("bhilq", *format)) return {};
  return size == 1 ? int8 : size == 2 ? int16 : size == 4 ? int32 : int64;
}

// Keeps `owner` until the last tensor over its memory is gone.
Tensor share(void* data, const Layout& layout, DType dtype, size_t bytes, PyObject* owner) {
  return Tensor::wrap(
      data, layout, dtype, bytes, [](void* held) { delete static_cast<Held*>(held); },
      new Held(owner, AtExit::kKeep));
}

// One past the last byte that the strides reach.
size_t reach(const Layout& layout, DType dtype) {
  if (layout.numel() == 0) return 0;
  int64_t last = 0;
  for (int i = 0; i < layout.rank(); ++i) last += (layout.shape[i] - 1) * layout.strides[i];
  return static_cast<size_t>(last + 1) * size_of(dtype);
}

void warn_read_only() {
  static bool was_warned = false;
  if (was_warned) return;
  was_warned = true;
  if (PyErr_WarnEx(PyExc_UserWarning,
                   "The given NumPy array is not writable, and tensors are: writing to this tensor "
                   "would write to the array. Copy the array, or use torch.tensor(array). This is "
                   "said once.",
                   1) < 0)
    throw PythonError();
}

// An ndarray of what has only __array__, and of what is an array but has no buffer.
Object as_ndarray(PyObject* o) {
  const Object numpy(checked(PyImport_ImportModule("numpy")));
  return Object(checked(PyObject_CallMethod(numpy.get(), "asarray", "O", o)));
}

Object contiguous_native_copy(PyObject* array) {
  const Object dtype(checked(PyObject_GetAttrString(array, "dtype")));
  const Object native(checked(PyObject_CallMethod(dtype.get(), "newbyteorder", "s", "=")));
  const Object numpy(checked(PyImport_ImportModule("numpy")));
  return Object(checked(PyObject_CallMethod(numpy.get(), "array", "OO", array, native.get())));
}

[[noreturn]] void refuse_dtype(PyObject* array) {
  const Object dtype(PyObject_GetAttrString(array, "dtype"));
  const Object text(dtype ? PyObject_Str(dtype.get()) : nullptr);
  raise(PyExc_TypeError,
        std::string("can't convert np.ndarray of type ") +
            (text ? PyUnicode_AsUTF8(text.get()) : "unknown") +
            ": tensors hold float64, float32, float16, int64, int32, int16, int8, uint8 and bool; "
            "convert the array with astype() first");
}

}  // namespace

bool is_array(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (type == &PyList_Type || type == &PyTuple_Type || PyFloat_CheckExact(o) || PyLong_Check(o) ||
      PyUnicode_Check(o) || is_tensor(o))
    return false;
  auto* as_object = reinterpret_cast<PyObject*>(type);
  return PyObject_HasAttrString(as_object, "__array_interface__") ||
         PyObject_HasAttrString(as_object, "__array__");
}

Tensor tensor_over_array(PyObject* array, bool may_copy) {
  Object owner = Object::borrow(array);
  if (!PyObject_CheckBuffer(array)) owner = as_ndarray(array);
  auto buffer = std::make_unique<Buffer>(owner.get(), PyBUF_RECORDS);
  bool is_writable = static_cast<bool>(*buffer);
  if (!is_writable) {
    PyErr_Clear();
    buffer = std::make_unique<Buffer>(owner.get(), PyBUF_RECORDS_RO);
    if (!*buffer) {
      PyErr_Clear();
      refuse_dtype(owner.get());
    }
  }
  const Py_buffer& view = *buffer->operator->();
  const bool is_swapped = *view.format == '>' || *view.format == '!';
  if (is_swapped && view.itemsize > 1) {
    if (may_copy) return tensor_over_array(contiguous_native_copy(owner.get()).get(), false);
    raise(PyExc_ValueError,
          "the array's bytes are in the order of another machine; convert it with "
          "array.astype(array.dtype.newbyteorder('='))");
  }
  const auto dtype = dtype_of_format(view.format + is_swapped, view.itemsize);
  if (!dtype) refuse_dtype(owner.get());
  Layout layout;
  for (int i = 0; i < view.ndim; ++i) {
    layout.shape.push_back(view.shape[i]);
    const Py_ssize_t stride = view.shape[i] > 1 ? view.strides[i] : view.itemsize;
    if (stride < 0 || stride % view.itemsize != 0) {
      if (may_copy) return tensor_over_array(contiguous_native_copy(owner.get()).get(), false);
      raise(PyExc_ValueError,
            stride < 0 ? "the array has a negative stride, which tensors cannot have; use "
                         "array.copy()"
                       : "the array's strides are no multiples of its element size, which those of "
                         "tensors are; use array.copy()");
    }
    layout.strides.push_back(stride / view.itemsize);
  }
  if (!is_writable && !may_copy) warn_read_only();
  void* data = view.buf;
  return share(data, layout, *dtype, reach(layout, *dtype), owner.get());
}

std::optional<Tensor> foreign_operand(PyObject* o) {
  if (!is_array(o)) return {};
  return tensor_over_array(o, true);
}

Tensor tensor_over_buffer(PyObject* source, DType dtype, int64_t count, int64_t offset) {
  // A memoryview is what keeps the buffer: bytearray may not be resized meanwhile.
  const Object memory(PyMemoryView_FromObject(source));
  if (!memory) raise(PyExc_ValueError, "frombuffer: the object has no buffer of bytes");
  const Py_buffer& view = *PyMemoryView_GET_BUFFER(memory.get());
  const auto item = static_cast<int64_t>(size_of(dtype));
  if (!PyBuffer_IsContiguous(&view, 'C'))
    raise(PyExc_ValueError, "frombuffer: the buffer has gaps");
  if (view.len == 0 || count == 0)
    raise(PyExc_ValueError, "frombuffer: both the buffer and count must have at least one element");
  if (offset < 0 || offset >= view.len)
    raise(PyExc_ValueError, "frombuffer: offset " + std::to_string(offset) +
                                " does not lie in the buffer of " + std::to_string(view.len) +
                                " bytes");
  const int64_t rest = view.len - offset;
  if (count < 0 && rest % item != 0)
    raise(PyExc_ValueError, "frombuffer: " + std::to_string(rest) +
                                " bytes are no whole number of elements of " +
                                std::to_string(item) + " bytes");
  if (count < 0) count = rest / item;
  if (count > rest / item)
    raise(PyExc_ValueError, "frombuffer: " + std::to_string(count) + " elements of " +
                                std::to_string(item) + " bytes do not fit into the " +
                                std::to_string(rest) + " bytes after the offset");
  if (view.readonly) warn_read_only();
  char* start = static_cast<char*>(view.buf) + offset;
  return share(start, Layout(Shape{count}), dtype, static_cast<size_t>(count * item), memory.get());
}

// ---- A tensor's memory as an array ------------------------------------------------------------

namespace {

// An object with nothing but the buffer of a tensor; NumPy makes an array over it.
struct MemoryObject {
  PyObject_HEAD Tensor tensor;
  PyObject* owner;  // what array.base shows: the tensor's own Python object
};
PyTypeObject* memory_type = nullptr;

const char* format_of(DType t) {
  static_assert(sizeof(long) == 8);  // "l" is what NumPy calls int64
  static constexpr const char* kFormats[kDTypeCount] = {"?", "B", "b",     "h", "i",
                                                        "l", "e", nullptr, "f", "d"};
  return kFormats[static_cast<int>(t)];
}

int get_buffer(PyObject* self, Py_buffer* view, int) {
  const Tensor& t = reinterpret_cast<MemoryObject*>(self)->tensor;
  const auto rank = static_cast<size_t>(t.rank());
  auto* sizes = new Py_ssize_t[2 * rank + 1];  // shape, then strides in bytes
  const auto item = static_cast<Py_ssize_t>(size_of(t.dtype()));
  for (size_t i = 0; i < rank; ++i) {
    sizes[i] = t.shape()[static_cast<int>(i)];
    sizes[rank + i] = t.strides()[static_cast<int>(i)] * item;
  }
  view->obj = Py_NewRef(self);
  view->buf = t.raw();
  view->len = t.numel() * item;
  view->readonly = 0;
  view->itemsize = item;
  view->format = const_cast<char*>(format_of(t.dtype()));
  view->ndim = t.rank();
  view->shape = sizes;
  view->strides = sizes + rank;
  view->suboffsets = nullptr;
  view->internal = sizes;
  return 0;
}
void release_buffer(PyObject*, Py_buffer* view) {
  delete[] static_cast<Py_ssize_t*>(view->internal);
}
void destroy_memory(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  auto* memory = reinterpret_cast<MemoryObject*>(self);
  memory->tensor.~Tensor();
  Py_XDECREF(memory->owner);
  type->tp_free(self);
  Py_DECREF(type);
}

}  // namespace

PyObject* array_over_tensor(PyObject* tensor) {
  const Tensor& t = tensor_of(tensor);
  if (!format_of(t.dtype()))
    fail<TypeError>("numpy: NumPy has no bfloat16; convert with .float() first");
  static PyObject* as_array = nullptr;
  if (!as_array) {
    const Object numpy(checked(PyImport_ImportModule("numpy")));
    as_array = checked(PyObject_GetAttrString(numpy.get(), "asarray"));
  }
  t.raw();  // says so when there is no data
  const Object memory(checked(memory_type->tp_alloc(memory_type, 0)));
  auto* object = reinterpret_cast<MemoryObject*>(memory.get());
  new (&object->tensor) Tensor(t);
  object->owner = Py_NewRef(tensor);
  return checked(PyObject_CallOneArg(as_array, memory.get()));
}

void make_exchange() {
  static PyType_Slot slots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
                                {Py_bf_releasebuffer, reinterpret_cast<void*>(release_buffer)},
                                {Py_tp_dealloc, reinterpret_cast<void*>(destroy_memory)},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight._Memory", sizeof(MemoryObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  memory_type = reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpec(&spec)));
}

}  // namespace rush::python
