// Tensors made of nothing but numbers.
#include <cmath>

#include "construct.h"
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"

namespace rush::python {
namespace {

using Type = std::optional<DType>;

Tensor filled(const Dims& size, const Tensor& value, Type t) {
  if (value.numel() != 1)
    fail<ShapeError>("full: fill_value is one number; got a tensor of shape ", value.shape());
  return full(size, value.rank() ? value.item() : value, t);
}

void add_filled(const Rows& rows) {
  rows.add(
      "zeros(*size, dtype=None)", [](const Dims& s, Type t) { return zeros(s, t); }, kFactory,
      "Zeros everywhere.");
  rows.add(
      "ones(*size, dtype=None)", [](const Dims& s, Type t) { return ones(s, t); }, kFactory,
      "Ones everywhere.");
  rows.add(
      "empty(*size, dtype=None)", [](const Dims& s, Type t) { return empty(s, t); }, kFactory,
      "Values are arbitrary.");
  rows.add(
      "full(size, fill_value, *, dtype=None)",
      [](const Dims& s, const Operand& v, Type t) { return filled(s, v, t); }, kFactory,
      "One value everywhere.");
  rows.add(
      "empty_strided(size, stride, *, dtype=None)",
      [](const Dims& size, const Dims& strides, Type t) {
        return Tensor::empty_strided(size, strides, t.value_or(default_dtype()));
      },
      kFactory, "Values are arbitrary; the layout is given.");
  rows.add(
      "scalar_tensor(s, *, dtype=None)",
      [](const Operand& v, Type t) { return full({}, v, t.value_or(default_dtype())); }, kFactory,
      "One number, without dimensions.");
}

void add_like(const Rows& rows) {
  constexpr unsigned kFlags = kFactory | kFunctionOnly;
  rows.add(
      "zeros_like(input, *, dtype=None)", [](const Tensor& x, Type t) { return zeros_like(x, t); },
      kFlags, "Zeros in input's shape.");
  rows.add(
      "ones_like(input, *, dtype=None)", [](const Tensor& x, Type t) { return ones_like(x, t); },
      kFlags, "Ones in input's shape.");
  rows.add(
      "empty_like(input, *, dtype=None)", [](const Tensor& x, Type t) { return empty_like(x, t); },
      kFlags, "Arbitrary values in input's shape.");
  rows.add(
      "full_like(input, fill_value, *, dtype=None)",
      [](const Tensor& x, const Operand& v, Type t) {
        return full_like(x, v.rank() ? v.item() : v, t);
      },
      kFlags, "One value in input's shape.");
}

void add_new(const Rows& rows) {
  rows.add(
      "new_tensor(self, data, *, dtype=None)",
      [](const Tensor& x, const Any& data, Type t) {
        return tensor_from_data(data.object, t.value_or(x.dtype()));
      },
      kFactory, "A tensor of this dtype from numbers and lists of them.");
  rows.add(
      "new_zeros(self, *size, dtype=None)",
      [](const Tensor& x, const Dims& s, Type t) { return zeros(s, t.value_or(x.dtype())); },
      kFactory, "Zeros of this dtype.");
  rows.add(
      "new_ones(self, *size, dtype=None)",
      [](const Tensor& x, const Dims& s, Type t) { return ones(s, t.value_or(x.dtype())); },
      kFactory, "Ones of this dtype.");
  rows.add(
      "new_empty(self, *size, dtype=None)",
      [](const Tensor& x, const Dims& s, Type t) { return empty(s, t.value_or(x.dtype())); },
      kFactory, "Arbitrary values of this dtype.");
  rows.add(
      "new_full(self, size, fill_value, *, dtype=None)",
      [](const Tensor& x, const Dims& s, const Operand& v, Type t) {
        return filled(s, v, t.value_or(x.dtype()));
      },
      kFactory, "One value of this dtype everywhere.");
  rows.add(
      "new_empty_strided(self, size, stride, *, dtype=None)",
      [](const Tensor& x, const Dims& size, const Dims& strides, Type t) {
        return Tensor::empty_strided(size, strides, t.value_or(x.dtype()));
      },
      kFactory, "Arbitrary values of this dtype; the layout is given.");
}

// As arange, but with the end itself.
Tensor range(const Tensor& start, const Tensor& end, const Tensor& step, Type t) {
  const double count = std::floor((end.item() - start.item()) / step.item()) + 1;
  const Tensor whole = arange(0, static_cast<int64_t>(std::max(count, 0.0)), 1, int64);
  return add(mul(whole, step), start).to(t.value_or(default_dtype()));
}

void add_sequences(const Rows& rows) {
  rows.add(
      "arange(end, *, dtype=None)", [](const Operand& end, Type t) { return arange(end, t); },
      kFactory, "start, start + step, ... before end.");
  rows.add(
      "arange(start, end, step=1, *, dtype=None)",
      [](const Operand& start, const Operand& end, const Operand& step, Type t) {
        return arange(start, end, step, t);
      },
      kFactory);
  rows.add(
      "range(start=0, end=None, step=1, *, dtype=None)",
      [](const Operand& start, const Operand& end, const Operand& step, Type t) {
        return range(start, end, step, t);
      },
      kFactory, "start, start + step, ... up to and with end.");
  rows.add(
      "linspace(start, end, steps, *, dtype=None)",
      [](double start, double end, int64_t steps, Type t) {
        return linspace(start, end, steps, t);
      },
      kFactory, "`steps` numbers from start to end, equally far apart.");
  rows.add(
      "logspace(start, end, steps, base=10.0, *, dtype=None)",
      [](double start, double end, int64_t steps, double base, Type t) {
        return pow(base, linspace(start, end, steps, float64)).to(t.value_or(default_dtype()));
      },
      kFactory, "The powers of base with exponents from start to end.");
  rows.add(
      "eye(n, m=None, *, dtype=None)",
      [](int64_t n, std::optional<int64_t> m, Type t) { return eye(n, m, t); }, kFactory,
      "Ones on the diagonal, zeros elsewhere.");
}

}  // namespace

void add_create_rows() {
  const Rows rows("torch");
  add_filled(rows);
  add_like(rows);
  add_new(Rows("tensor"));
  add_sequences(rows);
}

}  // namespace rush::python
