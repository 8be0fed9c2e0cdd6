// Tensor: a small handle with reference semantics. Copies share the body; views share the storage.
//
// A body is an identity (which node made it, if gradients or a graph are involved), a storage and a
// layout. A symbolic tensor - a placeholder, or what is computed from one - has no storage.
//
// Methods are declared here and defined in ops/methods.cc: each is one call of the free function of
// the same name. Threads: handles may be used from several threads as long as nobody writes.
#pragma once

#include <concepts>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "rush/base/dtype.h"
#include "rush/base/ref.h"
#include "rush/base/shape.h"
#include "rush/kernels/kernel.h"
#include "rush/tensor/layout.h"
#include "rush/tensor/storage.h"

namespace rush {

class Node;
class Index;
class Indexed;
class Tensor;

// An output of a node: how tensors are wired. A null node: nobody records this tensor.
struct NodeRelease {
  static void retain(Node*);
  static void release(Node*);
};
class Edge {
 public:
  Edge() = default;
  Edge(Node* node, uint32_t index) : node_(node), index_(index) {
    if (node_) NodeRelease::retain(node_);
  }
  Edge(const Edge& o) : Edge(o.node_, o.index_) {}
  Edge(Edge&& o) noexcept : node_(std::exchange(o.node_, nullptr)), index_(o.index_) {}
  Edge& operator=(Edge o) noexcept {
    std::swap(node_, o.node_);
    std::swap(index_, o.index_);
    return *this;
  }
  ~Edge() {
    if (node_) NodeRelease::release(node_);
  }
  static Edge adopt(Node* node, uint32_t index) {
    Edge e;
    e.node_ = node;
    e.index_ = index;
    return e;
  }
  Node* node() const { return node_; }
  Node* detach() { return std::exchange(node_, nullptr); }
  uint32_t index() const { return index_; }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
  uint32_t index_ = 0;
};

struct TensorBody : RefCounted<TensorBody> {
  StorageRef storage;  // null: symbolic
  Layout layout;
  DType dtype = DType::kFloat32;
  Device device = Device::kCpu;
  bool is_weak = false;  // a plain C++ number: adapts its dtype to the tensors beside it
  Edge edge;             // who made it, when a gradient may be asked for or in a graph
  Ref<TensorBody> base;  // for a view of a recorded tensor: what it was taken from
  uint32_t history = 0;  // for a view: the storage's history() when it was taken

  static Ref<TensorBody> make();
  static void destroy(TensorBody*);
};

struct TensorOptions {
  std::optional<DType> dtype{};
  bool requires_grad = false;
};

class Tensor {
 public:
  Tensor() = default;
  // A plain number becomes a weak 0-d tensor, so that `x * 2`, `1 - x`, `where(c, x, 0)` just work.
  template <typename T>
  requires std::is_arithmetic_v<T> Tensor(T value) : Tensor(weak(value)) {}
  explicit Tensor(Ref<TensorBody> body) : body_(std::move(body)) {}

  // Making tensors (ops/create.h has the rest: zeros, ones, full, arange, rand, ...).
  static Tensor empty(const Shape& shape, DType dtype);
  static Tensor empty_strided(const Shape& shape, const Strides& strides, DType dtype);
  // Copies `data`; the element type gives the dtype. ShapeError when the count does not fit.
  template <typename T>
  static Tensor from(const std::vector<T>& data, const Shape& shape) {
    return copy_of(data.data(), data.size(), shape, dtype_of<T>);
  }
  template <typename T>
  static Tensor from(const std::vector<T>& data) {
    return from(data, {static_cast<int64_t>(data.size())});
  }
  static Tensor from(std::initializer_list<double> data);  // 1-d, default dtype
  static Tensor copy_of(const void* data, size_t count, const Shape& shape, DType dtype);
  // Shares foreign memory; `release` runs when the last tensor over it is gone.
  static Tensor wrap(void* data, const Layout& layout, DType dtype, size_t bytes,
                     void (*release)(void*), void* context);
  static Tensor scalar(double value, DType dtype);  // 0-d

  bool defined() const { return static_cast<bool>(body_); }
  const Shape& shape() const { return body().layout.shape; }
  const Strides& strides() const { return body().layout.strides; }
  const Layout& layout() const { return body().layout; }
  int64_t size(int64_t axis) const { return shape()[normalize_axis("size", axis, rank())]; }
  int rank() const { return body().layout.rank(); }
  int dim() const { return rank(); }
  int64_t numel() const { return body().layout.numel(); }
  DType dtype() const { return body().dtype; }
  Device device() const { return body().device; }
  bool is_contiguous() const { return rush::is_contiguous(shape(), strides()); }
  bool is_weak() const { return body().is_weak; }
  bool has_data() const { return static_cast<bool>(body().storage); }
  const StorageRef& storage() const { return body().storage; }
  uint32_t version() const { return storage() ? storage()->version() : 0; }
  // The first element's address, untyped. Error for a symbolic tensor.
  void* raw() const;
  // Typed; TypeError when T is not this dtype's type.
  template <typename T>
  T* data() const {
    check_type(dtype_of<T>);
    return static_cast<T*>(raw());
  }
  // The value of a one-element tensor, converted; ShapeError otherwise.
  template <typename T = double>
  T item() const {
    if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(item_double());
    else
      return static_cast<T>(item_int());
  }
  // All elements in row-major order, converted.
  template <typename T = double>
  std::vector<T> to_vector() const;
  kernels::View view_of() const;  // for kernels

  // Gradients. A leaf is what a user made with requires_grad; other recorded tensors come from ops.
  bool requires_grad() const;
  const Tensor& requires_grad_(bool on = true) const;
  bool is_leaf() const;
  Tensor grad() const;                   // undefined until backward has reached it
  void set_grad(const Tensor& g) const;  // undefined clears
  void backward(const Tensor& dy = {}, bool retain_graph = false, bool create_graph = false) const;
  Tensor detach() const;  // shares data, records nothing

  // Layout.
  Tensor contiguous() const;
  Tensor clone() const;
  Tensor to(DType dtype) const;
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;
  Tensor transpose(int64_t a, int64_t b) const;
  Tensor t() const;
  Tensor permute(const Dims& axes) const;
  Tensor expand(const Shape& shape) const;
  Tensor flatten(int64_t from = 0, int64_t to = -1) const;
  Tensor squeeze() const;
  Tensor squeeze(int64_t axis) const;
  Tensor unsqueeze(int64_t axis) const;

  // Indexing: x[3], x[{Slice(0, 8, 2), kEllipsis, mask}]; x[i] = v writes in place (ops/index.h).
  Indexed operator[](int64_t i) const;
  Indexed operator[](const Tensor& index) const;
  Indexed operator[](const Index& index) const;
  Indexed operator[](std::initializer_list<Index> indices) const;

  // The commonest functions, as methods.
  Tensor sum(const Dims& axes = {}, bool keepdim = false) const;
  Tensor mean(const Dims& axes = {}, bool keepdim = false) const;
  Tensor max() const;
  Tensor min() const;
  Tensor argmax(std::optional<int64_t> axis = {}, bool keepdim = false) const;
  Tensor matmul(const Tensor& other) const;

  // In place; each returns *this. A version counter guards what gradients still need.
  const Tensor& operator+=(const Tensor& y) const;
  const Tensor& operator-=(const Tensor& y) const;
  const Tensor& operator*=(const Tensor& y) const;
  const Tensor& operator/=(const Tensor& y) const;
  const Tensor& add_(const Tensor& y) const { return *this += y; }
  const Tensor& sub_(const Tensor& y) const { return *this -= y; }
  const Tensor& mul_(const Tensor& y) const { return *this *= y; }
  const Tensor& div_(const Tensor& y) const { return *this /= y; }
  const Tensor& copy_(const Tensor& source) const;  // broadcasts and converts
  const Tensor& fill_(double value) const;
  const Tensor& zero_() const { return fill_(0); }

  TensorBody& body() const {
    if (!body_) undefined();
    return *body_;
  }
  const Ref<TensorBody>& body_ref() const { return body_; }
  bool is_same(const Tensor& o) const { return body_ == o.body_; }  // the same body

 private:
  static Tensor weak(double value);
  static Tensor weak(int64_t value);
  static Tensor weak(bool value);
  template <typename T>
  static Tensor weak(T value) {
    if constexpr (std::is_floating_point_v<T>)
      return weak(static_cast<double>(value));
    else
      return weak(static_cast<int64_t>(value));
  }
  [[noreturn]] static void undefined();
  void check_type(DType t) const;
  double item_double() const;
  int64_t item_int() const;

  Ref<TensorBody> body_;
};

// Prints as NumPy and PyTorch do: values, summarised when large, with dtype and shape.
std::ostream& operator<<(std::ostream& os, const Tensor& t);
struct PrintOptions {
  int precision = 4, threshold = 1000, edge_items = 3, line_width = 80;
};
std::string to_string(const Tensor& t, const PrintOptions& options = {});

extern template std::vector<float> Tensor::to_vector<float>() const;
extern template std::vector<double> Tensor::to_vector<double>() const;
extern template std::vector<int64_t> Tensor::to_vector<int64_t>() const;
extern template std::vector<int32_t> Tensor::to_vector<int32_t>() const;
extern template std::vector<uint8_t> Tensor::to_vector<uint8_t>() const;

}  // namespace rush
