// x[...]: a subscript is taken apart into a view of x (integers, slices, ellipsis, new axes) and
// the rows of indices that remain (index tensors, masks). Reading gathers from the view; writing
// goes straight into the view where no gradient is recorded, and through index_put and slice_put
// where one is.
#include "rush/core/node.h"
#include "rush/kernels/attrs/index.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/index.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

// Axes of x that an index takes up.
int axes_taken(const Index& i) {
  if (const Tensor* t = i.as<Tensor>()) return t->dtype() == DType::kBool ? t->rank() : 1;
  return i.as<int64_t>() || i.as<Slice>() ? 1 : 0;
}

class Subscript {
 public:
  Subscript(const char* op, const Tensor& x, const Indices& indices) : op_(op), x_(x), view_(x) {
    start_ = Dims::filled(x.rank(), 0);
    step_ = Dims::filled(x.rank(), 1);
    box_ = x.shape();
    int taken = 0, ellipses = 0;
    for (const Index& i : indices) {
      taken += axes_taken(i);
      ellipses += i.as<Ellipsis>() != nullptr;
    }
    if (ellipses > 1) fail<IndexError>(op, ": only one ellipsis is allowed");
    if (taken > x.rank())
      fail<IndexError>(op, ": too many indices: x has shape ", x.shape(), ", the indices take up ",
                       taken, " axes");
    for (const Index& i : indices) add(i, x.rank() - taken);
    join_rows();
  }

  const Tensor& view() const { return view_; }
  bool has_rows() const { return at_.defined(); }
  const Tensor& at() const { return at_; }
  const Dims& axes() const { return axes_; }
  bool is_whole() const { return view_.is_same(x_); }
  Shape shape() const {
    if (!has_rows()) return view_.shape();
    Shape out = view_.shape();
    for (int i = axes_.size() - 1; i >= 0; --i) out.erase(static_cast<int>(axes_[i]));
    for (int i = 1; i < at_.rank(); ++i) out.insert(index_position(axes_) + i - 1, at_.shape()[i]);
    return out;
  }
  Tensor read() const { return has_rows() ? index(view_, at_, axes_) : view_; }
  // x with the view's part replaced by `part`, which has the view's shape.
  Tensor with_view(const Tensor& part) const {
    return is_whole() ? part : slice_put(x_, reshape(part, box_), start_, step_);
  }

 private:
  void add(const Index& i, int skipped) {
    if (const int64_t* n = i.as<int64_t>()) return add_integer(*n);
    if (const Slice* s = i.as<Slice>()) return add_slice(*s);
    if (const bool* keep = i.as<bool>()) return add_bool(*keep);
    if (const Tensor* t = i.as<Tensor>()) return add_tensor(*t);
    if (i.as<Ellipsis>()) {
      next_ += skipped;
      source_ += skipped;
    } else {
      view_ = unsqueeze(view_, next_++);
    }
  }

  void add_integer(int64_t given) {
    const int64_t size = box_[source_];
    if (given < -size || given >= size)
      fail<IndexError>(op_, ": index ", given, " is out of range for axis ", source_, " of size ",
                       size);
    const int64_t i = given < 0 ? given + size : given;
    view_ = select(view_, next_, i);
    start_[source_] = i;
    box_[source_++] = 1;
  }

  void add_slice(const Slice& s) {
    const int64_t size = box_[source_];
    if (s.step < 1)
      fail<IndexError>(op_, ": the step of a slice must be 1 or more; got ", s.step,
                       " (flip reverses an axis)");
    const int64_t start = s.start.value_or(0);
    if (start != 0 || s.stop.value_or(size) != size || s.step != 1) {
      view_ = slice(view_, next_, start, s.stop.value_or(INT64_MAX), s.step);
      box_[source_] = view_.shape()[next_];
      start_[source_] = box_[source_] == 0 ? 0
                        : start < 0        ? std::max<int64_t>(start + size, 0)
                                           : start;
      step_[source_] = box_[source_] > 1 ? s.step : 1;
    }
    ++source_;
    ++next_;
  }

  // A new axis that is there once or not at all.
  void add_bool(bool keep) {
    view_ = unsqueeze(view_, next_);
    add_row(keep ? Tensor::from(std::vector<int64_t>{0}) : Tensor::empty({0}, DType::kInt64));
  }

  void add_tensor(const Tensor& t) {
    if (t.dtype() == DType::kBool) return add_mask(t);
    const Tensor index = as_index(op_, t);
    if (index.rank() == 0 && index.has_data()) return add_integer(index.item<int64_t>());
    ++source_;
    add_row(index);
  }

  void add_mask(const Tensor& mask) {
    if (mask.rank() == 0) return add_bool(mask.item<int64_t>() != 0);
    for (int d = 0; d < mask.rank(); ++d)
      if (mask.shape()[d] != view_.shape()[next_ + d])
        fail<IndexError>(op_, ": a mask of shape ", mask.shape(), " does not fit x of shape ",
                         x_.shape(), " from axis ", source_, " on: sizes ", mask.shape()[d],
                         " and ", view_.shape()[next_ + d], " differ");
    const Tensor rows = transpose(nonzero(mask), 0, 1);
    for (int d = 0; d < mask.rank(); ++d) {
      ++source_;
      add_row(select(rows, 0, d));
    }
    mask_rows_ = rows;
  }

  void add_row(const Tensor& row) {
    rows_.push_back(row);
    axes_.push_back(next_++);
  }

  // One tensor of all rows, broadcast together.
  void join_rows() {
    if (rows_.empty()) return;
    if (mask_rows_.defined() && mask_rows_.size(0) == static_cast<int64_t>(rows_.size())) {
      at_ = mask_rows_;
      return;
    }
    Shape shape;
    for (const Tensor& row : rows_) shape = broadcast_shapes(op_, shape, row.shape());
    for (Tensor& row : rows_) row = expand(row, shape);
    at_ = rows_.size() == 1 ? unsqueeze(rows_[0], 0) : stack(rows_);
  }

  const char* op_;
  const Tensor& x_;
  Tensor view_;
  int next_ = 0;    // axis of the view that the next index takes
  int source_ = 0;  // the same as an axis of x
  std::vector<Tensor> rows_;
  Tensor mask_rows_;   // where a mask gave all rows, they are one tensor already
  Tensor at_;          // [rows, ...]; undefined if no index was a tensor
  Dims axes_;          // of the view
  Dims start_, step_;  // the view as a box of x, with selected axes of size 1
  Shape box_;
};

// `value` in x's dtype, without leading axes of size 1 that the part lacks, expanded to its shape.
Tensor fitted(const char* op, const Tensor& value, const Tensor& x, const Shape& part) {
  Tensor v = value;
  while (v.rank() > part.size() && v.shape()[0] == 1) v = select(v, 0, 0);
  const int missing = part.size() - v.rank();
  bool fits = missing >= 0;
  for (int d = 0; fits && d < v.rank(); ++d)
    fits = v.shape()[d] == 1 || v.shape()[d] == part[d + missing];
  if (!fits)
    fail<ShapeError>(op, ": a value of shape ", value.shape(),
                     " does not fit the indexed part of shape ", part);
  if (v.dtype() != x.dtype()) v = cast(v, x.dtype());
  return v.shape() == part ? v : expand(v, part);
}

void write(const char* op, const Tensor& x, const Indices& indices, const Tensor& value,
           bool accumulate) {
  const bool recording = grad_enabled() && (is_recorded(x) || is_recorded(value));
  if (!x.has_data() || (recording && x.body().edge && x.is_leaf())) {
    write_in_place(op, x, x);  // raises the error that belongs to it
    return;
  }
  if (recording) {
    write_in_place(op, x, index_put(x, indices, value, accumulate));
    return;
  }
  const NoGrad no_grad;
  const Subscript s(op, x, indices);
  Tensor v = fitted(op, value, x, s.shape());
  if (v.storage() == x.storage()) v = clone(v);
  if (s.has_rows())
    index_put_(s.view(), s.at(), v, s.axes(), accumulate);
  else if (accumulate)
    s.view() += v;
  else
    s.view().copy_(v);
}

}  // namespace

Tensor index(const Tensor& x, const Indices& indices) {
  return Subscript("index", x, indices).read();
}

Tensor index_put(const Tensor& x, const Indices& indices, const Tensor& values, bool accumulate) {
  const Subscript s("index_put", x, indices);
  const Tensor v = fitted("index_put", values, x, s.shape());
  if (s.has_rows()) return s.with_view(index_put(s.view(), s.at(), v, s.axes(), accumulate));
  const Tensor part = accumulate ? add(s.view(), v) : v;
  return s.is_whole() ? clone(part) : s.with_view(part);
}

const Tensor& index_put_(const Tensor& x, const Indices& indices, const Tensor& values,
                         bool accumulate) {
  write("index_put_", x, indices, values, accumulate);
  return x;
}

Indexed::Indexed(const Tensor& base, Indices indices)
    : Tensor(index(base, indices)), base_(base), indices_(std::move(indices)) {}

const Tensor& Indexed::operator=(const Tensor& value) && {
  return index_put_(base_, indices_, value);
}
const Tensor& Indexed::operator=(const Indexed& value) && {
  return index_put_(base_, indices_, value);
}

// Whether an in-place op on what was read changes the base, with nothing else to record.
bool Indexed::writes_through() const {
  return has_data() && storage() == base_.storage() && !(grad_enabled() && is_recorded(base_));
}

const Tensor& Indexed::operator+=(const Tensor& y) && {
  if (writes_through() && !is_recorded(y)) return Tensor::operator+=(y), base_;
  return index_put_(base_, indices_, *this + y);
}
const Tensor& Indexed::operator-=(const Tensor& y) && {
  if (writes_through() && !is_recorded(y)) return Tensor::operator-=(y), base_;
  return index_put_(base_, indices_, *this - y);
}
const Tensor& Indexed::operator*=(const Tensor& y) && {
  if (writes_through() && !is_recorded(y)) return Tensor::operator*=(y), base_;
  return index_put_(base_, indices_, *this * y);
}
const Tensor& Indexed::operator/=(const Tensor& y) && {
  if (writes_through() && !is_recorded(y)) return Tensor::operator/=(y), base_;
  return index_put_(base_, indices_, *this / y);
}

Indexed Tensor::operator[](int64_t i) const { return {*this, Indices{Index(i)}}; }
Indexed Tensor::operator[](const Index& index) const { return {*this, Indices{index}}; }
Indexed Tensor::operator[](const Tensor& index) const { return {*this, Indices{Index(index)}}; }
Indexed Tensor::operator[](std::initializer_list<Index> indices) const {
  return {*this, Indices(indices)};
}

}  // namespace rush
