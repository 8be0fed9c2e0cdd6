#include "operators.h"

#include "convert.h"
#include "exchange.h"
#include "function.h"
#include "interrupt.h"
#include "modes.h"
#include "rush/base/work_step.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using Unary = Tensor (*)(const Tensor&);

// An operand without touching reference counts: a tensor where it lies, or what a number or an
// array becomes here.
class Borrowed {
 public:
  explicit Borrowed(PyObject* o) {
    if (is_tensor(o)) {
      tensor_ = &tensor_of(o);
    } else if (auto number = weak_number(o)) {
      made_ = std::move(*number);
      tensor_ = &made_;
    } else if (auto array = foreign_operand(o)) {
      made_ = std::move(*array);
      tensor_ = &made_;
    }
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  explicit operator bool() const { return tensor_ != nullptr; }
  const Tensor& operator*() const { return *tensor_; }

 private:
  Tensor made_;
  const Tensor* tensor_ = nullptr;
};

bool is_worth_releasing(const Tensor& a, const Tensor& b) {
  return detail::work_of(&a) + detail::work_of(&b) > detail::kWorthReleasing;
}

template <Binary f>
PyObject* binary(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    const Borrowed x(a), y(b);
    if (!x || !y) Py_RETURN_NOTIMPLEMENTED;
    Tensor result;
    {
      const bool is_long = is_worth_releasing(*x, *y);
      const WithoutGil released(is_long);
      const Interruptible work(rush::detail::t_work_step, Interruptible::look_between_blocks,
                               is_long);
      result = f(*x, *y);
    }
    return wrap(std::move(result));
  });
}

template <Unary f>
PyObject* unary(PyObject* a) {
  return guarded([&] { return wrap(f(tensor_of(a))); });
}

PyObject* power(PyObject* a, PyObject* b, PyObject*) { return binary<pow>(a, b); }

PyObject* product_with_array(PyObject* a, PyObject* b) {
  const auto x = foreign_operand(a), y = foreign_operand(b);
  if (!(x || is_tensor(a)) || !(y || is_tensor(b))) Py_RETURN_NOTIMPLEMENTED;
  return wrap(matmul(x ? *x : tensor_of(a), y ? *y : tensor_of(b)));
}

PyObject* matrix_product(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(a) || !is_tensor(b)) return product_with_array(a, b);
    PyObject* operands[] = {a, b};
    const Autocast casts(kLowerPrecision, operands, 2);
    return binary<matmul>(operands[0], operands[1]);
  });
}

template <const char* const& name>
PyObject* in_place(PyObject* a, PyObject* b) {
  return guarded([&]() -> PyObject* {
    const Borrowed y(b);
    if (!is_tensor(a) || !y) Py_RETURN_NOTIMPLEMENTED;
    static const Op& op = *find_op(name);
    apply_in_place(op, tensor_of(a), {*y});
    return Py_NewRef(a);
  });
}
const char* const kAdd = "add";
const char* const kSub = "sub";
const char* const kMul = "mul";
const char* const kDiv = "div";
const char* const kFloorDivide = "floor_divide";
const char* const kRemainder = "remainder";
const char* const kPow = "pow";
const char* const kAnd = "bitwise_and";
const char* const kOr = "bitwise_or";
const char* const kXor = "bitwise_xor";

PyObject* power_in_place(PyObject* a, PyObject* b, PyObject*) { return in_place<kPow>(a, b); }

PyObject* compare(PyObject* a, PyObject* b, int how) {
  switch (how) {
    case Py_EQ:
      return binary<eq>(a, b);
    case Py_NE:
      return binary<ne>(a, b);
    case Py_LT:
      return binary<lt>(a, b);
    case Py_LE:
      return binary<le>(a, b);
    case Py_GT:
      return binary<gt>(a, b);
    default:
      return binary<ge>(a, b);
  }
}

const Tensor& one_element(PyObject* o, const char* what) {
  const Tensor& t = tensor_of(o);
  if (t.numel() != 1)
    fail<ShapeError>(what, ": only a tensor of one element has one value; this one has shape ",
                     t.shape());
  return t;
}

int truth(PyObject* o) {
  return guarded_int([&] {
    const Tensor& t = tensor_of(o);
    if (t.numel() != 1)
      fail<ShapeError>("bool: the truth of a tensor of shape ", t.shape(),
                       " is ambiguous; use .any() or .all()");
    return t.item() != 0 ? 1 : 0;
  });
}

PyObject* as_int(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = one_element(o, "int");
    return is_floating(t.dtype()) ? checked(PyLong_FromDouble(t.item()))
                                  : to_python(t.item<int64_t>());
  });
}

PyObject* as_float(PyObject* o) {
  return guarded([&] { return to_python(one_element(o, "float").item()); });
}

PyObject* as_index(PyObject* o) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = tensor_of(o);
    if (t.numel() != 1 || is_floating(t.dtype()))
      fail<TypeError>("index: only a whole-valued tensor of one element is an index; got ",
                      t.dtype(), t.shape());
    return to_python(t.item<int64_t>());
  });
}

PyObject* positive(PyObject* o) { return Py_NewRef(o); }

Tensor invert(const Tensor& x) { return bitwise_not(x); }

}  // namespace

void add_operator_slots(std::vector<PyType_Slot>& slots) {
  const auto add = [&](int slot, auto* function) {
    slots.push_back({slot, reinterpret_cast<void*>(function)});
  };
  add(Py_nb_add, binary<rush::add>);
  add(Py_nb_subtract, binary<sub>);
  add(Py_nb_multiply, binary<mul>);
  add(Py_nb_true_divide, binary<rush::div>);
  add(Py_nb_floor_divide, binary<floor_divide>);
  add(Py_nb_remainder, binary<rush::remainder>);
  add(Py_nb_power, power);
  add(Py_nb_matrix_multiply, matrix_product);
  add(Py_nb_and, binary<bitwise_and>);
  add(Py_nb_or, binary<bitwise_or>);
  add(Py_nb_xor, binary<bitwise_xor>);
  add(Py_nb_lshift, binary<bitwise_left_shift>);
  add(Py_nb_rshift, binary<bitwise_right_shift>);
  add(Py_nb_inplace_add, in_place<kAdd>);
  add(Py_nb_inplace_subtract, in_place<kSub>);
  add(Py_nb_inplace_multiply, in_place<kMul>);
  add(Py_nb_inplace_true_divide, in_place<kDiv>);
  add(Py_nb_inplace_floor_divide, in_place<kFloorDivide>);
  add(Py_nb_inplace_remainder, in_place<kRemainder>);
  add(Py_nb_inplace_power, power_in_place);
  add(Py_nb_inplace_and, in_place<kAnd>);
  add(Py_nb_inplace_or, in_place<kOr>);
  add(Py_nb_inplace_xor, in_place<kXor>);
  add(Py_nb_negative, unary<neg>);
  add(Py_nb_positive, positive);
  add(Py_nb_absolute, unary<rush::abs>);
  add(Py_nb_invert, unary<invert>);
  add(Py_nb_bool, truth);
  add(Py_nb_int, as_int);
  add(Py_nb_float, as_float);
  add(Py_nb_index, as_index);
  add(Py_tp_richcompare, compare);
}

}  // namespace rush::python
