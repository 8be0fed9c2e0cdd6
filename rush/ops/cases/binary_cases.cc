// Element-wise ops of two and three operands, each against the function on doubles; casts, copies
// and the ops that make tensors.
#include <algorithm>
#include <cmath>

#include "rush/ops/binary.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/unary.h"

namespace rush::testing {

namespace {

const Shape kLeft = {5, 1, 9}, kRight = {3, 9}, kSame = {5, 9};

struct Binary {
  const char* op;
  Tensor (*call)(const Tensor&, const Tensor&);
  double (*function)(double, double);
  const char* torch;
  In x = {kLeft}, y = {kRight};
};
In real(const Shape& shape, double low, double high) { return {shape, low, high}; }
In whole(const Shape& shape, double low, double high) { return {shape, low, high, In::kInteger}; }

double floor_mod(double a, double b) { return a - std::floor(a / b) * b; }
double bits(int64_t (*f)(int64_t, int64_t), double a, double b) {
  return static_cast<double>(f(static_cast<int64_t>(a), static_cast<int64_t>(b)));
}

const Binary kArithmetic[] = {
    {"add", add, [](double a, double b) { return a + b; }, "x0 + x1"},
    {"sub", sub, [](double a, double b) { return a - b; }, "x0 - x1", real(kLeft, 2, 5),
     real(kRight, 0, 2)},
    {"mul", mul, [](double a, double b) { return a * b; }, "x0 * x1"},
    {"div", div, [](double a, double b) { return a / b; }, "x0 / x1", real(kLeft, -2, 2),
     real(kRight, 0.6, 3)},
    {"floor_divide", floor_divide, [](double a, double b) { return std::floor(a / b); },
     "torch.floor_divide(x0, x1)", real(kLeft, -9, 9), real(kRight, 1.1, 3)},
    {"remainder", remainder, floor_mod, "torch.remainder(x0, x1)", real(kLeft, -4, 4),
     real(kRight, 5, 7)},
    {"fmod", fmod, [](double a, double b) { return std::fmod(a, b); }, "torch.fmod(x0, x1)",
     real(kLeft, -4, 4), real(kRight, 5, 7)},
    {"pow", pow, [](double a, double b) { return std::pow(a, b); }, "torch.pow(x0, x1)",
     real(kLeft, 0.6, 3), real(kRight, 0, 3)},
    {"maximum", maximum, [](double a, double b) { return std::fmax(a, b); },
     "torch.maximum(x0, x1)"},
    {"minimum", minimum, [](double a, double b) { return std::fmin(a, b); },
     "torch.minimum(x0, x1)"},
    {"fmax", fmax, [](double a, double b) { return std::fmax(a, b); }, "torch.fmax(x0, x1)"},
    {"fmin", fmin, [](double a, double b) { return std::fmin(a, b); }, "torch.fmin(x0, x1)"},
};

const Binary kFunctions[] = {
    {"atan2", atan2, [](double a, double b) { return std::atan2(a, b); }, "torch.atan2(x0, x1)",
     real(kLeft, -2, 2), real(kRight, 0.5, 2)},
    {"hypot", hypot, [](double a, double b) { return std::hypot(a, b); }, "torch.hypot(x0, x1)",
     real(kLeft, -2, 2), real(kRight, 0.5, 2)},
    {"logaddexp", logaddexp, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); },
     "torch.logaddexp(x0, x1)"},
    {"xlogy", xlogy, [](double a, double b) { return a == 0 ? 0 : a * std::log(b); },
     "torch.xlogy(x0, x1)", real(kLeft, -2, 2), real(kRight, 0.5, 3)},
    {"copysign",
     copysign,
     [](double a, double b) { return std::copysign(a, b); },
     "torch.copysign(x0, x1)",
     {kLeft, -2, 2, In::kDistinct},
     {kRight, -2, 2, In::kDistinct}},
    {"tanh_grad", tanh_grad, [](double a, double b) { return a * (1 - b * b); },
     "x0 * (1 - x1 * x1)"},
    {"sigmoid_grad", sigmoid_grad, [](double a, double b) { return a * b * (1 - b); },
     "x0 * x1 * (1 - x1)"},
    {"relu_grad",
     relu_grad,
     [](double a, double b) { return b > 0 ? a : 0; },
     "torch.where(x1 > 0, x0, 0)",
     real(kLeft, -2, 2),
     {kRight, -2, 2, In::kDistinct}},
};

const Binary kComparisons[] = {
    {"eq", eq, [](double a, double b) { return double(a == b); }, "x0 == x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"ne", ne, [](double a, double b) { return double(a != b); }, "x0 != x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"lt", lt, [](double a, double b) { return double(a < b); }, "x0 < x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"le", le, [](double a, double b) { return double(a <= b); }, "x0 <= x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"gt", gt, [](double a, double b) { return double(a > b); }, "x0 > x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"ge", ge, [](double a, double b) { return double(a >= b); }, "x0 >= x1", whole(kLeft, -1, 1),
     whole(kRight, -1, 1)},
    {"logical_and", logical_and, [](double a, double b) { return double(a != 0 && b != 0); },
     "torch.logical_and(x0, x1)", whole(kLeft, -1, 1), whole(kRight, -1, 1)},
    {"logical_or", logical_or, [](double a, double b) { return double(a != 0 || b != 0); },
     "torch.logical_or(x0, x1)", whole(kLeft, -1, 1), whole(kRight, -1, 1)},
    {"logical_xor", logical_xor, [](double a, double b) { return double((a != 0) != (b != 0)); },
     "torch.logical_xor(x0, x1)", whole(kLeft, -1, 1), whole(kRight, -1, 1)},
    {"isclose", [](const Tensor& x, const Tensor& y) { return isclose(x, y, 0.25, 0.5); },
     [](double a, double b) { return double(std::abs(a - b) <= 0.5 + 0.25 * std::abs(b)); },
     "torch.isclose(x0, x1, 0.25, 0.5)", whole(kLeft, -3, 3), whole(kRight, -3, 3)},
};

const Binary kBits[] = {
    {"bitwise_and", bitwise_and,
     [](double a, double b) { return bits([](int64_t i, int64_t j) { return i & j; }, a, b); },
     "x0 & x1", whole(kLeft, -6, 7), whole(kRight, -6, 7)},
    {"bitwise_or", bitwise_or,
     [](double a, double b) { return bits([](int64_t i, int64_t j) { return i | j; }, a, b); },
     "x0 | x1", whole(kLeft, -6, 7), whole(kRight, -6, 7)},
    {"bitwise_xor", bitwise_xor,
     [](double a, double b) { return bits([](int64_t i, int64_t j) { return i ^ j; }, a, b); },
     "x0 ^ x1", whole(kLeft, -6, 7), whole(kRight, -6, 7)},
    {"bitwise_left_shift", bitwise_left_shift, [](double a, double b) { return a * std::exp2(b); },
     "torch.bitwise_left_shift(x0, x1)", whole(kLeft, 0, 7), whole(kRight, 0, 3)},
    {"bitwise_right_shift", bitwise_right_shift,
     [](double a, double b) { return std::floor(a / std::exp2(b)); },
     "torch.bitwise_right_shift(x0, x1)", whole(kLeft, -100, 100), whole(kRight, 0, 6)},
};

void add_table(CaseList& list, std::span<const Binary> table) {
  for (const Binary& b : table) {
    OpCase c;
    c.op = b.op;
    c.in = {b.x, b.y};
    c.run = [call = b.call](const Tensors& in) { return Tensors{call(in[0], in[1])}; };
    c.naive = naive_binary(b.function);
    c.torch = b.torch;
    list.add(c);
    // Equal shapes: the path without broadcasting, and f(x, x).
    c.label = "same shape";
    c.in[0].shape = c.in[1].shape = kSame;
    list.add(std::move(c));
  }
}

// out[i] = f(a[i], b[i], c[i]) for equal shapes; the first may be a mask.
std::function<Tensors(const Tensors&)> naive_ternary(double (*f)(double, double, double)) {
  return [f](const Tensors& in) {
    const auto value = [&](size_t k, int64_t i) {
      return in[k].dtype() == bool_ ? double(in[k].data<bool>()[i]) : in[k].data<double>()[i];
    };
    const Tensor out = Tensor::empty(in[1].shape(), float64);
    for (int64_t i = 0; i < out.numel(); ++i)
      out.data<double>()[i] = f(value(0, i), value(1, i), value(2, i));
    return Tensors{out};
  };
}

OpCase row_of(const char* op, const char* label, std::vector<In> in) {
  OpCase row;
  row.op = op;
  row.label = label;
  row.in = std::move(in);
  return row;
}

void add_ternaries(CaseList& list) {
  const In any = real(kSame, -2, 2), apart = real(kSame, 0.6, 3);
  OpCase where_row = row_of("where", "", {{kSame, 0, 1, In::kBool}, any, any});
  where_row.run = [](const Tensors& in) { return Tensors{where(in[0], in[1], in[2])}; };
  where_row.naive = naive_ternary([](double c, double a, double b) { return c != 0 ? a : b; });
  where_row.torch = "torch.where(x0, x1, x2)";
  list.add(std::move(where_row));

  OpCase lerp_row = row_of("lerp", "", {any, any, real(kSame, 0, 1)});
  lerp_row.run = [](const Tensors& in) { return Tensors{lerp(in[0], in[1], in[2])}; };
  lerp_row.naive = naive_ternary([](double a, double b, double w) { return a + w * (b - a); });
  lerp_row.torch = "torch.lerp(x0, x1, x2)";
  list.add(std::move(lerp_row));

  OpCase product = row_of("addcmul", "", {any, any, any});
  product.run = [](const Tensors& in) { return Tensors{addcmul(in[0], in[1], in[2], 0.5)}; };
  product.naive = naive_ternary([](double x, double a, double b) { return x + 0.5 * a * b; });
  product.torch = "torch.addcmul(x0, x1, x2, value=0.5)";
  list.add(std::move(product));

  OpCase quotient = row_of("addcdiv", "", {any, any, apart});
  quotient.run = [](const Tensors& in) { return Tensors{addcdiv(in[0], in[1], in[2], 0.5)}; };
  quotient.naive = naive_ternary([](double x, double a, double b) { return x + 0.5 * a / b; });
  quotient.torch = "torch.addcdiv(x0, x1, x2, value=0.5)";
  list.add(std::move(quotient));
}

void add_gradients_of_activations(CaseList& list) {
  const In dy = real(kSame, -2, 2), x = real(kSame, -3, 3);
  OpCase none = row_of("gelu_grad", "none", {dy, x});
  none.run = [](const Tensors& in) { return Tensors{gelu_grad(in[0], in[1])}; };
  none.torch = "torch.ops.aten.gelu_backward(x0, x1)";
  none.tolerance = 4;
  list.add(std::move(none));
  OpCase tanh_form = row_of("gelu_grad", "tanh", {dy, x});
  tanh_form.run = [](const Tensors& in) { return Tensors{gelu_grad(in[0], in[1], "tanh")}; };
  tanh_form.torch = "torch.ops.aten.gelu_backward(x0, x1, approximate='tanh')";
  tanh_form.tolerance = 4;
  list.add(std::move(tanh_form));
  OpCase silu_row = row_of("silu_grad", "", {dy, x});
  silu_row.run = [](const Tensors& in) { return Tensors{silu_grad(in[0], in[1])}; };
  silu_row.torch = "x0 * (torch.sigmoid(x1) * (1 + x1 * (1 - torch.sigmoid(x1))))";
  silu_row.tolerance = 2;
  list.add(std::move(silu_row));
}

Tensors same_values(const Tensors& in) {
  const Tensor out = Tensor::empty(in[0].shape(), float64);
  std::copy_n(in[0].data<double>(), out.numel(), out.data<double>());
  return {out};
}

void add_copies(CaseList& list) {
  const In any = real({4, 3, 5}, -2, 2);
  OpCase cast_row = row_of("cast", "", {any});
  // Through float64 and back, so that every dtype is a source and a target.
  cast_row.run = [](const Tensors& in) {
    return Tensors{cast(cast(in[0], float64), in[0].dtype())};
  };
  cast_row.naive = same_values;
  cast_row.torch = "x0.to(torch.float64).to(x0.dtype)";
  list.add(std::move(cast_row));

  OpCase clone_row = row_of("clone", "", {any});
  clone_row.run = [](const Tensors& in) { return Tensors{clone(in[0])}; };
  clone_row.naive = same_values;
  clone_row.torch = "x0.clone()";
  list.add(std::move(clone_row));

  OpCase contiguous_row = row_of("contiguous", "", {any});
  contiguous_row.run = [](const Tensors& in) { return Tensors{contiguous(in[0])}; };
  contiguous_row.naive = same_values;
  contiguous_row.torch = "x0.contiguous()";
  list.add(std::move(contiguous_row));
}

std::function<Tensors(const Tensors&)> naive_fill(const Shape& shape, size_t value) {
  return [=](const Tensors& in) {
    const Tensor out = Tensor::empty(shape, float64);
    std::fill_n(out.data<double>(), out.numel(), *in[value].data<double>());
    return Tensors{out};
  };
}

void add_creation(CaseList& list) {
  OpCase full_row = row_of("full", "", {real({}, -2, 2)});
  full_row.run = [](const Tensors& in) { return Tensors{full({3, 4}, in[0])}; };
  full_row.naive = naive_fill({3, 4}, 0);
  full_row.torch = "x0.expand(3, 4).clone()";
  list.add(std::move(full_row));

  OpCase like = row_of("full_like", "", {real({3, 4}, -2, 2), real({}, -2, 2)});
  like.run = [](const Tensors& in) { return Tensors{full_like(in[0], in[1])}; };
  like.naive = naive_fill({3, 4}, 1);
  like.torch = "x1.expand(3, 4).clone()";
  list.add(std::move(like));

  OpCase arange_row = row_of("arange", "", {});
  arange_row.run = [](const Tensors&) { return Tensors{arange(2.0, 9.0, 0.5)}; };
  arange_row.naive = [](const Tensors&) {
    std::vector<double> v(14);
    for (size_t i = 0; i < v.size(); ++i) v[i] = 2 + 0.5 * static_cast<double>(i);
    return Tensors{Tensor::from(v)};
  };
  arange_row.torch = "torch.arange(2.0, 9.0, 0.5)";
  list.add(std::move(arange_row));

  OpCase linspace_row = row_of("linspace", "", {});
  linspace_row.run = [](const Tensors&) { return Tensors{linspace(-1, 2, 7)}; };
  linspace_row.naive = [](const Tensors&) {
    return Tensors{Tensor::from(std::vector<double>{-1, -0.5, 0, 0.5, 1, 1.5, 2})};
  };
  linspace_row.torch = "torch.linspace(-1, 2, 7)";
  list.add(std::move(linspace_row));

  OpCase eye_row = row_of("eye", "", {});
  eye_row.run = [](const Tensors&) { return Tensors{eye(2, 3)}; };
  eye_row.naive = [](const Tensors&) {
    return Tensors{Tensor::from(std::vector<double>{1, 0, 0, 0, 1, 0}, {2, 3})};
  };
  eye_row.torch = "torch.eye(2, 3)";
  list.add(std::move(eye_row));
}

}  // namespace

void add_binary_cases(CaseList& list) {
  add_table(list, kArithmetic);
  add_table(list, kFunctions);
  add_table(list, kComparisons);
  add_table(list, kBits);
  add_ternaries(list);
  add_gradients_of_activations(list);
  add_copies(list);
  add_creation(list);
}

}  // namespace rush::testing
