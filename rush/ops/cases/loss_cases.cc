// Rows of losses; where a record has a body, that is the reference.
#include <algorithm>
#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/cast.h"
#include "rush/ops/loss.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

struct ClassRow {
  const char* label;
  Shape x, target;
  ClassLossAttrs attrs;
  bool weighted;
  const char* torch;
};

const ClassRow kClassRows[] = {
    {"mean", {4, 10}, {4}, {}, false, ""},
    {"sum, weight", {3, 5}, {3}, {-100, 0, Reduction::kSum}, true, ", weight=x2, reduction='sum'"},
    {"smooth, ignored",
     {6, 3},
     {6},
     {1, 0.1, Reduction::kMean},
     true,
     ", weight=x2, ignore_index=1, label_smoothing=0.1"},
    {"none, images",
     {2, 3, 2, 2},
     {2, 2, 2},
     {-100, 0.2, Reduction::kNone},
     false,
     ", label_smoothing=0.2, reduction='none'"},
};

std::vector<In> class_inputs(const ClassRow& r) {
  const In weight{{r.x[1]}, 0.5, 2, r.weighted ? In::kFixedReal : In::kAbsent};
  return {{r.x, -3, 3}, {r.target, 0, static_cast<double>(r.x[1]), In::kIndex}, weight};
}

void add_cross_entropy(CaseList& list) {
  for (const ClassRow& r : kClassRows) {
    OpCase row;
    row.op = "cross_entropy";
    row.label = r.label;
    row.in = class_inputs(r);
    row.tolerance = 2;
    row.run = [r](const Tensors& x) -> Tensors {
      return {cross_entropy(
          x[0], x[1], {x[2], r.attrs.ignore_index, r.attrs.label_smoothing, r.attrs.reduction})};
    };
    row.torch = concat({"F.cross_entropy(x0, x1", r.torch, ")"});
    list.add(row);
    row.op = "cross_entropy_grad";
    row.in.push_back({r.attrs.reduction == Reduction::kNone ? r.target : Shape{}, -2, 2});
    row.run = [r](const Tensors& x) -> Tensors {
      const DType t = is_half(x[0].dtype()) ? float32 : x[0].dtype();
      const Tensor lse = logsumexp(cast(x[0], t), {1});
      return {apply(*find_op("cross_entropy_grad"), {x[0], x[1], x[2], lse, x[3]}, r.attrs)};
    };
    row.torch.clear();
    row.no_torch = "the gradients of cross_entropy are compared instead";
    list.add(row);
  }
}

void add_mse(CaseList& list) {
  for (Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    const bool is_mean = reduction == Reduction::kMean;
    OpCase row;
    row.op = "mse_loss";
    row.label = is_mean ? "mean" : "sum";
    row.in = {{{3, 7}, -2, 2}, {{3, 7}, -2, 2}};
    row.run = [=](const Tensors& x) -> Tensors { return {mse_loss(x[0], x[1], reduction)}; };
    row.torch = concat({"F.mse_loss(x0, x1, reduction='", row.label, "')"});
    list.add(row);
    row.op = "mse_loss_grad";
    row.in.push_back({{}, -2, 2});
    row.run = [=](const Tensors& x) -> Tensors {
      return {apply(*find_op("mse_loss_grad"), {x[0], x[1], x[2]}, LossAttrs{reduction})};
    };
    row.torch = is_mean ? "2 * x2 * (x0 - x1) / x0.numel()" : "2 * x2 * (x0 - x1)";
    list.add(row);
  }
}

Tensors naive_bce(const Tensors& in) {
  Tensor y = Tensor::empty(in[0].shape(), float64);
  for (int64_t i = 0; i < y.numel(); ++i) {
    const double p = in[0].data<double>()[i], t = in[1].data<double>()[i];
    y.data<double>()[i] =
        -(t * std::max(std::log(p), -100.0) + (1 - t) * std::max(std::log1p(-p), -100.0));
  }
  return {y};
}

void add_bce(CaseList& list) {
  OpCase row;
  row.op = "binary_cross_entropy";
  row.in = {{{4, 5}, 0.1, 0.9}, {{4, 5}, 0, 1}};
  row.tolerance = 2;
  row.elementwise_layouts = false;
  row.run = [](const Tensors& x) -> Tensors {
    return {binary_cross_entropy(x[0], x[1], {}, Reduction::kNone)};
  };
  row.naive = naive_bce;
  row.torch = "F.binary_cross_entropy(x0, x1, reduction='none')";
  list.add(row);
}

// Errors on either side of the kink, where finite differences do not see it.
void add_smooth_l1(CaseList& list) {
  for (const bool is_near : {true, false}) {
    const double beta = is_near ? 2 : 0.5;
    OpCase row;
    row.op = "smooth_l1";
    row.label = is_near ? "near" : "far";
    row.in = {{{4, 5}, is_near ? 0.1 : 2.0, is_near ? 0.9 : 4.0}, {{4, 5}, -0.8, 0}};
    row.tolerance = 2;
    row.elementwise_layouts = false;
    row.run = [beta](const Tensors& x) -> Tensors {
      return {smooth_l1_loss(x[0], x[1], Reduction::kNone, beta)};
    };
    row.naive = [beta](const Tensors& in) -> Tensors {
      const Tensor error = rush::abs(in[0] - in[1]);
      return {where(lt(error, beta), square(error) * (0.5 / beta), error - 0.5 * beta)};
    };
    row.torch =
        concat({"F.smooth_l1_loss(x0, x1, reduction='none', beta=", is_near ? "2" : "0.5", ")"});
    list.add(row);
  }
}

}  // namespace

void add_loss_cases(CaseList& list) {
  add_cross_entropy(list);
  add_mse(list);
  add_bce(list);
  add_smooth_l1(list);
}

}  // namespace rush::testing
