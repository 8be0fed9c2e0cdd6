// Rows of softmax and its kin; the bodies of the records are the reference.
#include "rush/ops/cases/op_case.h"
#include "rush/ops/softmax.h"

namespace rush::testing {
namespace {

struct Where {
  const char* label;
  Shape shape;
  int64_t axis;
};
const Where kWhere[] = {{"last axis", {3, 10}, -1},
                        {"long rows", {2, 37}, 1},
                        {"channels", {2, 5, 3}, 1},
                        {"first", {7, 2}, 0}};

void add_one(CaseList& list, const char* op, Tensor (*run)(const Tensor&, int64_t)) {
  for (const Where& w : kWhere) {
    OpCase row;
    row.op = op;
    row.label = w.label;
    row.in = {{w.shape, -4, 4}};
    row.run = [=](const Tensors& x) -> Tensors { return {run(x[0], w.axis)}; };
    row.torch = concat({"F.", op, "(x0, dim=", w.axis, ")"});
    list.add(row);
  }
}

void add_grad(CaseList& list, const char* op, Tensor (*run)(const Tensor&, const Tensor&, int64_t),
              const char* torch) {
  for (const Where& w : kWhere) {
    OpCase row;
    row.op = op;
    row.label = w.label;
    row.in = {{w.shape, -2, 2}, {w.shape, -1, 0.9}};
    row.run = [=](const Tensors& x) -> Tensors { return {run(x[0], x[1], w.axis)}; };
    row.torch = concat({torch, "(x0, x1, ", w.axis, ", x1.dtype)"});
    list.add(row);
  }
}

}  // namespace

void add_softmax_cases(CaseList& list) {
  add_one(list, "softmax", softmax);
  add_one(list, "log_softmax", log_softmax);
  add_one(list, "softmin", softmin);
  add_grad(list, "softmax_grad", softmax_grad, "torch._softmax_backward_data");
  add_grad(list, "log_softmax_grad", log_softmax_grad, "torch._log_softmax_backward_data");
}

}  // namespace rush::testing
