// Broadcasting and type promotion, done once for all element-wise ops. Inputs are never expanded or
// wired through casts: kernels see strides of 0, and the backward pass brings each gradient back to
// its input's shape and dtype, so no gradient rule mentions either.
#include "rush/kernels/elementwise.h"

#include <cstring>

#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"
#include "rush/tensor/observer.h"

namespace rush::detail {
namespace {

// PyTorch's three categories: tensors with dimensions outrank 0-d tensors, which outrank plain
// numbers; a lower category decides only the kind (bool < integer < floating).
struct Promotion {
  bool has[3] = {};
  DType type[3] = {};

  void add(const Tensor& t) {
    const int category = t.rank() > 0 ? 0 : t.is_weak() ? 2 : 1;
    DType d = t.dtype();
    if (category == 2 && is_floating(d)) d = default_dtype();
    type[category] = has[category] ? promote(type[category], d) : d;
    has[category] = true;
  }
  DType result() const {
    DType out = DType::kBool;
    bool any = false;
    for (int c = 2; c >= 0; --c) {
      if (!has[c]) continue;
      if (!any)
        out = type[c];
      else if (is_floating(type[c]))
        out = type[c];
      else if (type[c] == DType::kBool || is_floating(out))
        out = promote(type[c], out);
      else
        out = type[c];
      any = true;
    }
    return out;
  }
};

[[noreturn, gnu::cold]] void fail_dtype(const Op& op, DType t) {
  fail<TypeError>(op.name, ": not defined for ", t, "; cast the input first, e.g. x.to(float32)");
}

// The layout of the result: that of the first input that fills it densely, so that channels-last
// networks stay channels-last.
Strides result_strides(const Shape& shape, std::span<const Arg> in) {
  for (const Arg& a : in)
    if (a.tensor->shape() == shape && !a.tensor->is_contiguous() &&
        is_dense(shape, a.tensor->strides()))
      return dense_strides_like(shape, a.tensor->strides());
  return contiguous_strides(shape);
}

// The strides of an input seen in the output's shape: 0 where it repeats.
Strides broadcast_strides(const Layout& from, const Shape& shape) {
  Strides out = Dims::filled(shape.size(), 0);
  const int shift = shape.size() - from.rank();
  for (int i = 0; i < from.rank(); ++i)
    if (from.shape[i] != 1 || shape[i + shift] == 1) out[i + shift] = from.strides[i];
  return out;
}

// A trace must see where plain numbers go: they may be arguments.
Tensor converted(const Tensor& t, DType to) {
  if (t.is_weak() && !t_observer && (is_floating(to) || is_floating(t.dtype())))
    return Tensor::scalar(t.item<double>(), to);
  const NoGrad no_grad;
  return cast(t.detach(), to);
}

}  // namespace

ElementwisePlan plan_elementwise(const Op& op, std::span<const Arg> in) {
  const size_t first = op.types == Types::kSelect ? 1 : 0;
  Promotion promotion;
  ElementwisePlan plan;
  bool is_first = true;
  for (size_t i = 0; i < in.size(); ++i) {
    const Tensor& t = *in[i].tensor;
    if (!t.defined()) {
      if (i < op.required_args())
        fail(op.name, ": argument ", op.args[i], " is an undefined tensor");
      continue;
    }
    plan.shape = is_first ? t.shape() : broadcast_shapes(op.name.c_str(), plan.shape, t.shape());
    is_first = false;
    if (i >= first)
      promotion.add(t);
    else if (t.dtype() != DType::kBool)
      fail<TypeError>(op.name, ": ", op.args[i], " must be bool; got ", t.dtype());
  }
  plan.computing = promotion.result();
  if (op.types == Types::kFloat && !is_floating(plan.computing)) plan.computing = default_dtype();
  if (!((op.dtypes >> static_cast<int>(plan.computing)) & 1)) fail_dtype(op, plan.computing);
  plan.result = op.types == Types::kCompare ? DType::kBool : plan.computing;
  return plan;
}

void run_elementwise_into(const Op& op, std::span<const Arg> in, AttrRef attrs,
                          const ElementwisePlan& plan, const Tensor& out) {
  const kernels::Entry* entry = entry_of(op);
  if (!entry || !entry->is_row_op() || !entry->rows[static_cast<int>(plan.computing)])
    fail<TypeError>(op.name, ": no ", out.device(), " kernel for ", plan.computing);
  const size_t first = op.types == Types::kSelect ? 1 : 0;
  InlineVec<kernels::View, 4> views;
  InlineVec<Tensor, 4> kept;
  InlineVec<const Tensor*, 4> operands;
  kept.reserve(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const Tensor* t = in[i].tensor;
    if (!t->defined()) {
      operands.push_back(t);
      views.push_back({nullptr, plan.computing, plan.shape, Dims::filled(plan.shape.size(), 0)});
      continue;
    }
    if (i >= first && t->dtype() != plan.computing)
      t = &kept.emplace_back(converted(*t, plan.computing));
    operands.push_back(t);
    kernels::View& view = views.emplace_back(t->view_of());
    view.shape = plan.shape;
    view.strides = broadcast_strides(t->layout(), plan.shape);
  }
  kernels::run_elementwise(*entry, plan.computing, out.view_of(), views, attrs.data);
  if (t_observer) {
    const Tensor* result = &out;
    t_observer->called(op, plan.computing, operands, {&result, 1}, attrs);
  }
}

namespace {

// A plain number as one element of dtype t.
struct Number {
  alignas(8) char bytes[8];
  void set(const TensorBody& weak, DType t) {
    const void* from = static_cast<const char*>(weak.storage->data()) +
                       weak.layout.offset * static_cast<int64_t>(size_of(weak.dtype));
    dispatch(t, [&]<typename T>() {
      const T value =
          weak.dtype == DType::kFloat64 ? static_cast<T>(*static_cast<const double*>(from))
          : weak.dtype == DType::kInt64 ? static_cast<T>(*static_cast<const int64_t*>(from))
                                        : static_cast<T>(*static_cast<const bool*>(from));
      std::memcpy(bytes, &value, sizeof value);
    });
  }
};

// Whether a plain number beside tensors of dtype t is computed in t.
bool adapts(const TensorBody& weak, DType t) {
  return weak.layout.rank() == 0 && (weak.dtype == DType::kFloat64 ? is_floating(t)
                                     : weak.dtype == DType::kInt64 ? t != DType::kBool
                                                                   : weak.dtype == DType::kBool);
}

// The common case, in which no work is needed before the kernel: tensors of equal shapes and
// dtypes, all contiguous, small enough for one row; and plain numbers beside them. Returns false
// when it does not apply.
bool try_fast(const Op& op, std::span<const Arg> in, AttrRef attrs, Tensor& out) {
  constexpr int64_t kOneRow = 8192;
  const kernels::Entry* entry = detail::bound_entry(op);
  if (!entry || op.types == Types::kSelect || t_observer) return false;
  const TensorBody* first = nullptr;  // the first that is no plain number
  for (const Arg& a : in) {
    if (!a.tensor->defined()) return false;
    if (!first && !a.tensor->is_weak()) first = &a.tensor->body();
  }
  if (!first) return false;
  const TensorBody& x = *first;
  const kernels::RowFunction row_function = entry->rows[static_cast<int>(x.dtype)];
  if (!row_function || (op.types == Types::kFloat && !is_floating(x.dtype)) ||
      !((op.dtypes >> static_cast<int>(x.dtype)) & 1))
    return false;
  const int64_t n = x.layout.numel();
  if (n * entry->cost > kOneRow || !is_contiguous(x.layout.shape, x.layout.strides)) return false;
  kernels::Row row;
  Number numbers[kernels::kMaxOperands];
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorBody& t = in[i].tensor->body();
    if (t.is_weak) {
      if (!adapts(t, x.dtype)) return false;
      numbers[i].set(t, x.dtype);
      row.ptr[i + 1] = numbers[i].bytes;
      row.stride[i + 1] = 0;
      continue;
    }
    if (&t != &x && (t.dtype != x.dtype || !(t.layout.shape == x.layout.shape) ||
                     !is_contiguous(t.layout.shape, t.layout.strides)))
      return false;
    row.ptr[i + 1] = static_cast<char*>(t.storage->data()) + t.layout.offset * size_of(t.dtype);
    row.stride[i + 1] = 1;
  }
  const DType result = op.types == Types::kCompare ? DType::kBool : x.dtype;
  auto body = TensorBody::make();
  body->storage = Storage::make(static_cast<size_t>(n) * size_of(result));
  body->layout.shape = x.layout.shape;
  body->layout.strides = x.layout.strides;
  body->dtype = result;
  row.n = n;
  row.ptr[0] = body->storage->data();
  row.stride[0] = 1;
  row.attrs = attrs.data;
  if (n > 0) row_function(row);
  out = Tensor(std::move(body));
  return true;
}

}  // namespace

Tensor run_elementwise(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  Tensor out;
  if (in.size() < kernels::kMaxOperands && try_fast(op, in, attrs, out)) return out;
  const ElementwisePlan plan = plan_elementwise(op, in);
  out = fresh(plan.shape, result_strides(plan.shape, in), plan.result);
  run_elementwise_into(op, in, attrs, plan, out);
  return out;
}

}  // namespace rush::detail
