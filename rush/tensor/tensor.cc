#include "rush/tensor/tensor.h"

#include <cstring>
#include <new>

#include "rush/tensor/allocator.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

void* address_of(const Tensor& t) {
  const TensorBody& b = t.body();
  if (!b.storage) fail("data: a symbolic tensor has no values; run it in a session to get them");
  return static_cast<char*>(b.storage->data()) + b.layout.offset * size_of(b.dtype);
}

// Reads one element of any dtype.
template <typename To>
To read_as(const void* p, DType t) {
  return dispatch(t, [&]<typename T>() {
    const T v = *static_cast<const T*>(p);
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      return static_cast<To>(static_cast<float>(v));
    else
      return static_cast<To>(v);
  });
}

// Calls f(element offset) for every element in row-major order.
template <typename F>
void for_each_offset(const Layout& layout, F&& f) {
  const int rank = layout.rank();
  const int64_t n = layout.numel();
  Dims index = Dims::filled(rank, 0);
  int64_t offset = 0;
  for (int64_t i = 0; i < n; ++i) {
    f(offset);
    for (int d = rank - 1; d >= 0; --d) {
      offset += layout.strides[d];
      if (++index[d] < layout.shape[d]) break;
      offset -= layout.strides[d] * layout.shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace

Ref<TensorBody> TensorBody::make() {
  return Ref<TensorBody>::adopt(new (pool_allocate(sizeof(TensorBody))) TensorBody);
}

void TensorBody::destroy(TensorBody* b) {
  b->~TensorBody();
  pool_deallocate(b, sizeof(TensorBody));
}

Tensor Tensor::empty(const Shape& shape, DType dtype) {
  const int64_t n = checked_numel(shape, size_of(dtype), "empty");
  auto body = TensorBody::make();
  body->storage = Storage::make(static_cast<size_t>(n) * size_of(dtype));
  body->layout = Layout(shape);
  body->dtype = dtype;
  return Tensor(std::move(body));
}

Tensor Tensor::empty_strided(const Shape& shape, const Strides& strides, DType dtype) {
  const int64_t n = checked_numel(shape, size_of(dtype), "empty_strided");
  if (strides.size() != shape.size() || !is_dense(shape, strides))
    fail<ShapeError>("empty_strided: strides must lay the elements out without gaps; shape is ",
                     shape, ", strides are ", strides);
  auto body = TensorBody::make();
  body->storage = Storage::make(static_cast<size_t>(n) * size_of(dtype));
  body->layout = Layout(shape, strides, 0);
  body->dtype = dtype;
  return Tensor(std::move(body));
}

Tensor Tensor::copy_of(const void* data, size_t count, const Shape& shape, DType dtype) {
  const int64_t n = checked_numel(shape, size_of(dtype), "from");
  if (static_cast<int64_t>(count) != n)
    fail<ShapeError>("from: ", count, " values do not fill shape ", shape, ", which holds ", n);
  Tensor t = empty(shape, dtype);
  if (n > 0) std::memcpy(address_of(t), data, count * size_of(dtype));
  return t;
}

Tensor Tensor::from(std::initializer_list<double> data) {
  const DType dtype = default_dtype();
  Tensor t = empty({static_cast<int64_t>(data.size())}, dtype);
  dispatch(dtype, [&]<typename T>() {
    T* out = static_cast<T*>(address_of(t));
    for (double v : data) *out++ = static_cast<T>(v);
  });
  return t;
}

Tensor Tensor::wrap(void* data, const Layout& layout, DType dtype, size_t bytes,
                    void (*release)(void*), void* context) {
  auto body = TensorBody::make();
  body->storage = Storage::wrap(data, bytes, release, context);
  body->layout = layout;
  body->dtype = dtype;
  return Tensor(std::move(body));
}

Tensor Tensor::scalar(double value, DType dtype) {
  Tensor t = empty({}, dtype);
  dispatch(dtype, [&]<typename T>() {
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      *static_cast<T*>(address_of(t)) = T(static_cast<float>(value));
    else
      *static_cast<T*>(address_of(t)) = static_cast<T>(value);
  });
  return t;
}

Tensor Tensor::weak(double value) {
  Tensor t = empty({}, DType::kFloat64);
  *static_cast<double*>(address_of(t)) = value;
  t.body_->is_weak = true;
  return t;
}

Tensor Tensor::weak(int64_t value) {
  Tensor t = empty({}, DType::kInt64);
  *static_cast<int64_t*>(address_of(t)) = value;
  t.body_->is_weak = true;
  return t;
}

Tensor Tensor::weak(bool value) {
  Tensor t = empty({}, DType::kBool);
  *static_cast<bool*>(address_of(t)) = value;
  t.body_->is_weak = true;
  return t;
}

void* Tensor::raw() const {
  if (t_observer) t_observer->read_on_host(*this, "data()");
  return address_of(*this);
}

kernels::View Tensor::view_of() const { return {address_of(*this), dtype(), shape(), strides()}; }

void Tensor::undefined() {
  fail("tensor: undefined; a default-made Tensor holds nothing (assign one, e.g. zeros({2, 3}))");
}

void Tensor::check_type(DType t) const {
  if (t != dtype()) fail<TypeError>("data: the tensor holds ", dtype(), ", not ", t);
}

double Tensor::item_double() const {
  if (numel() != 1) fail<ShapeError>("item: wants exactly one element; shape is ", shape());
  if (t_observer) t_observer->read_on_host(*this, "item()");
  return read_as<double>(address_of(*this), dtype());
}

int64_t Tensor::item_int() const {
  if (numel() != 1) fail<ShapeError>("item: wants exactly one element; shape is ", shape());
  if (is_floating(dtype())) return static_cast<int64_t>(item_double());
  if (t_observer) t_observer->read_on_host(*this, "item()");
  return read_as<int64_t>(address_of(*this), dtype());
}

template <typename T>
std::vector<T> Tensor::to_vector() const {
  std::vector<T> out;
  out.reserve(static_cast<size_t>(numel()));
  if (t_observer) t_observer->read_on_host(*this, "to_vector()");
  const char* base = static_cast<const char*>(address_of(*this));
  const size_t item = size_of(dtype());
  for_each_offset(layout(), [&](int64_t offset) {
    out.push_back(read_as<T>(base + offset * static_cast<int64_t>(item), dtype()));
  });
  return out;
}
template std::vector<float> Tensor::to_vector<float>() const;
template std::vector<double> Tensor::to_vector<double>() const;
template std::vector<int64_t> Tensor::to_vector<int64_t>() const;
template std::vector<int32_t> Tensor::to_vector<int32_t>() const;
template std::vector<uint8_t> Tensor::to_vector<uint8_t>() const;

}  // namespace rush
