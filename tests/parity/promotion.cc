// Every pair of dtypes through the functions of two operands, as tensors, 0-d tensors and numbers.
#include "tests/parity/promotion.h"

#include "rush/ops/binary.h"
#include "rush/ops/cases/inputs.h"

namespace rush::parity {
namespace {

using nlohmann::json;

struct Function {
  const char* name;
  Tensor (*call)(const Tensor&, const Tensor&);
};

Tensor select(const Tensor& a, const Tensor& b) {
  return where(testing::converted(Tensor::scalar(1, float64), bool_), a, b);
}

const Function kFunctions[] = {
    {"add", add},
    {"sub", sub},
    {"mul", mul},
    {"div", div},
    {"pow", pow},
    {"remainder", remainder},
    {"fmod", fmod},
    {"floor_divide", floor_divide},
    {"maximum", maximum},
    {"minimum", minimum},
    {"atan2", atan2},
    {"hypot", hypot},
    {"copysign", copysign},
    {"eq", eq},
    {"lt", lt},
    {"logical_and", logical_and},
    {"bitwise_and", bitwise_and},
    {"where", select},
};

// In place: the result must fit the first operand.
const Function kInPlace[] = {
    {"add_", [](const Tensor& a, const Tensor& b) { return a.add_(b); }},
    {"mul_", [](const Tensor& a, const Tensor& b) { return a.mul_(b); }},
    {"div_", [](const Tensor& a, const Tensor& b) { return a.div_(b); }},
    {"copy_", [](const Tensor& a, const Tensor& b) { return a.copy_(b); }},
};

Tensor tensor_of(double value, const Shape& shape, DType t) {
  const Tensor x = Tensor::empty(shape, float64);
  for (int64_t i = 0; i < x.numel(); ++i) x.data<double>()[i] = value;
  return testing::converted(x, t);
}

Tensor number_of(DType t) {
  if (t == bool_) return Tensor(true);
  if (t == int64) return Tensor(int64_t{2});
  return Tensor(2.5);
}

json outcome(const Function& f, const char* form, DType a, DType b, const Tensor& x,
             const Tensor& y) {
  json entry = {{"op", f.name}, {"form", form}, {"a", name_of(a)}, {"b", name_of(b)}};
  try {
    const Tensor z = f.call(x, y);
    entry["result"] = name_of(z.dtype());
    const double value = static_cast<const double*>(testing::converted(z, float64).raw())[0];
    if (value == value && value - value == 0) entry["value"] = value;
  } catch (const Error& e) {
    entry["result"] = "error";
    entry["text"] = e.what();
  }
  return entry;
}

void add_tensor_pairs(const Function& f, json& all) {
  for (int i = 0; i < kDTypeCount; ++i) {
    for (int j = 0; j < kDTypeCount; ++j) {
      const auto a = static_cast<DType>(i), b = static_cast<DType>(j);
      const auto put = [&](const char* form, const Shape& sa, const Shape& sb) {
        all.push_back(outcome(f, form, a, b, tensor_of(3, sa, a), tensor_of(2, sb, b)));
      };
      put("tensor tensor", {2}, {2});
      put("tensor 0-d", {2}, {});
      put("0-d tensor", {}, {2});
    }
  }
}

void add_numbers(const Function& f, bool first_too, json& all) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto t = static_cast<DType>(i);
    for (DType n : {bool_, int64, float64}) {
      all.push_back(outcome(f, "tensor number", t, n, tensor_of(3, {2}, t), number_of(n)));
      if (first_too)
        all.push_back(outcome(f, "number tensor", n, t, number_of(n), tensor_of(3, {2}, t)));
    }
  }
}

}  // namespace

json promotions() {
  json all = json::array();
  for (const Function& f : kFunctions) {
    add_tensor_pairs(f, all);
    add_numbers(f, true, all);
  }
  for (const Function& f : kInPlace) {
    for (int i = 0; i < kDTypeCount; ++i)
      for (int j = 0; j < kDTypeCount; ++j) {
        const auto a = static_cast<DType>(i), b = static_cast<DType>(j);
        all.push_back(
            outcome(f, "tensor tensor", a, b, tensor_of(3, {2}, a), tensor_of(2, {2}, b)));
      }
    add_numbers(f, false, all);
  }
  return all;
}

}  // namespace rush::parity
