// Naive twins of element-wise ops: one plain loop, one double function.
#include "rush/ops/cases/op_case.h"

namespace rush::testing {

namespace {

// Offset of row-major element `flat` of `shape` in a contiguous tensor that broadcasts to it.
int64_t broadcast_offset(int64_t flat, const Shape& shape, const Shape& from) {
  int64_t offset = 0, stride = 1;
  for (int d = shape.size() - 1, s = from.size() - 1; s >= 0; --d, --s) {
    if (from[s] != 1) offset += flat % shape[d] * stride;
    flat /= shape[d];
    stride *= from[s];
  }
  return offset;
}

}  // namespace

std::function<Tensors(const Tensors&)> naive_unary(double (*f)(double)) {
  return [f](const Tensors& in) {
    const Tensor out = Tensor::empty(in[0].shape(), float64);
    for (int64_t i = 0; i < out.numel(); ++i) out.data<double>()[i] = f(in[0].data<double>()[i]);
    return Tensors{out};
  };
}

std::function<Tensors(const Tensors&)> naive_binary(double (*f)(double, double)) {
  return [f](const Tensors& in) {
    const Shape shape = broadcast_shapes("naive_binary", in[0].shape(), in[1].shape());
    const Tensor out = Tensor::empty(shape, float64);
    for (int64_t i = 0; i < out.numel(); ++i) {
      const double a = in[0].data<double>()[broadcast_offset(i, shape, in[0].shape())];
      const double b = in[1].data<double>()[broadcast_offset(i, shape, in[1].shape())];
      out.data<double>()[i] = f(a, b);
    }
    return Tensors{out};
  };
}

}  // namespace rush::testing
