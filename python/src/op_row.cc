#include "op_row.h"

#include "rush/core/apply.h"

namespace rush::python {
namespace {

// Arguments without touching reference counts: tensors where they lie, and numbers made here.
class Operands {
 public:
  // False: one of them is neither a tensor nor a number that may stand for one.
  bool load(const Overload& overload, PyObject* const* args) {
    numbers_.reserve(overload.parameters.size());
    for (size_t i = 0; i < overload.parameters.size(); ++i) {
      if (is_tensor(args[i])) {
        in_.push_back(tensor_of(args[i]));
        continue;
      }
      if (!may_be_number(overload.flags, i)) return false;
      auto number = weak_number(args[i]);
      if (!number) return false;
      in_.push_back(numbers_.emplace_back(std::move(*number)));
    }
    return true;
  }
  std::span<const Arg> all() const { return in_; }
  bool are_worth_releasing() const {
    int64_t work = 0;
    for (const Arg& a : in_) work += detail::work_of(a.tensor);
    return work > detail::kWorthReleasing;
  }

 private:
  InlineVec<Arg, 4> in_;
  InlineVec<Tensor, 4> numbers_;
};

}  // namespace

PyObject* invoke_op(const Overload& overload, PyObject* const* args) {
  Operands operands;
  if (!operands.load(overload, args)) return nullptr;
  Tensor result;
  {
    const WithoutGil released(operands.are_worth_releasing());
    result = apply(*overload.op, operands.all());
  }
  return wrap(std::move(result));
}

PyObject* invoke_op_in_place(const Overload& overload, PyObject* const* args) {
  Operands operands;
  if (!is_tensor(args[0]) || !operands.load(overload, args)) return nullptr;
  {
    const WithoutGil released(operands.are_worth_releasing());
    apply_in_place(*overload.op, tensor_of(args[0]), operands.all().subspan(1));
  }
  return Py_NewRef(args[0]);
}

}  // namespace rush::python
