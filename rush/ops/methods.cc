// The methods of Tensor that are calls of free functions.
#include "rush/core/apply.h"
#include "rush/core/cost.h"
#include "rush/core/node.h"
#include "rush/core/vocabulary.h"
#include "rush/kernels/kernel.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/profile/span.h"
#include "rush/tensor/observer.h"

namespace rush {

Tensor Tensor::contiguous() const { return rush::contiguous(*this); }
Tensor Tensor::clone() const { return rush::clone(*this); }
Tensor Tensor::to(DType dtype) const { return cast(*this, dtype); }

Tensor Tensor::reshape(const Shape& shape) const { return rush::reshape(*this, shape); }
Tensor Tensor::view(const Shape& shape) const { return rush::view(*this, shape); }
Tensor Tensor::transpose(int64_t a, int64_t b) const { return rush::transpose(*this, a, b); }
Tensor Tensor::t() const { return rush::t(*this); }
Tensor Tensor::permute(const Dims& axes) const { return rush::permute(*this, axes); }
Tensor Tensor::expand(const Shape& shape) const { return rush::expand(*this, shape); }
Tensor Tensor::flatten(int64_t from, int64_t to) const { return rush::flatten(*this, from, to); }
Tensor Tensor::squeeze() const { return rush::squeeze(*this); }
Tensor Tensor::squeeze(int64_t axis) const { return rush::squeeze(*this, axis); }
Tensor Tensor::unsqueeze(int64_t axis) const { return rush::unsqueeze(*this, axis); }

const Tensor& Tensor::operator+=(const Tensor& y) const {
  static const Op& op = *find_op("add");
  return apply_in_place(op, *this, {y});
}
const Tensor& Tensor::operator-=(const Tensor& y) const {
  static const Op& op = *find_op("sub");
  return apply_in_place(op, *this, {y});
}
const Tensor& Tensor::operator*=(const Tensor& y) const {
  static const Op& op = *find_op("mul");
  return apply_in_place(op, *this, {y});
}
const Tensor& Tensor::operator/=(const Tensor& y) const {
  static const Op& op = *find_op("div");
  return apply_in_place(op, *this, {y});
}

namespace {

// Writes without a record. Requires: no history is wanted.
void overwrite(const Tensor& target, const Tensor& source) {
  static const kernels::Entry& copy = *kernels::table(Device::kCpu).find("copy");
  kernels::View out = target.view_of(), in = source.view_of();
  if (broadcast_shapes("copy_", target.shape(), source.shape()) != target.shape())
    fail<ShapeError>("copy_: a source of shape ", source.shape(), " does not fit into ",
                     target.shape());
  const int shift = target.rank() - source.rank();
  in.shape = target.shape();
  in.strides = Dims::filled(target.rank(), 0);
  for (int i = 0; i < source.rank(); ++i)
    if (source.shape()[i] != 1) in.strides[i + shift] = source.strides()[i];
  {
    detail::ProfileSpan span("copy_", ProfileKind::kOp);
    copy.kernel({{&in, 1}, {&out, 1}, nullptr});
    if (span)
      span.set_cost(bytes_touched(in.dtype, in.shape, in.strides) +
                        bytes_touched(out.dtype, out.shape, out.strides),
                    0);
  }
  target.storage()->bump_version("copy_");
  if (t_observer) {
    static const Op& clone_op = *find_op("clone");
    const Tensor expanded = rush::expand(source.detach(), target.shape());
    const Tensor *from = &expanded, *to = &target;
    t_observer->overwrites(target);
    t_observer->called(clone_op, target.dtype(), {&from, 1}, {&to, 1}, AttrRef());
  }
}

}  // namespace

const Tensor& Tensor::copy_(const Tensor& source) const {
  if (grad_enabled() && (is_recorded(*this) || source.requires_grad())) {
    write_in_place("copy_", *this, rush::expand(cast(source, dtype()), shape()));
    return *this;
  }
  check_in_place("copy_", *this, false);
  const NoGrad no_grad;
  const bool may_overlap = source.storage() == storage();
  overwrite(*this, cast(may_overlap ? rush::clone(source) : source, dtype()));
  return *this;
}

const Tensor& Tensor::fill_(double value) const { return copy_(scalar(value, DType::kFloat64)); }

}  // namespace rush
