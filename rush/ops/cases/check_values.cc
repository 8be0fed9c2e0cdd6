// Values in every dtype, and a fused op's kernel against its body.
#include <cmath>
#include <map>

#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"
#include "rush/ops/cases/replay.h"
#include "rush/ops/linalg.h"

namespace rush::testing {

namespace {

// What the checks want to know of a function that has no record.
const Op& stand_in(const OpCase& row) {
  static std::map<std::string, Op> made;
  Op& op = made[row.full_name()];
  op.name = row.op;
  op.args.assign(row.in.size(), "x");
  op.dtypes = 0;
  for (DType t : row.dtypes) op.dtypes |= static_cast<uint16_t>(1u << static_cast<int>(t));
  op.grads.assign(row.gradient ? row.in.size() : 0, [](const GradCall&) { return Tensor(); });
  return op;
}

}  // namespace

const Op& record_of(const OpCase& row) {
  if (row.is_formula()) return stand_in(row);
  const Op* op = find_op(row.op);
  if (!op) fail("op cases: there is no op called ", row.op);
  return *op;
}

bool can_run(const OpCase& row) { return row.family != "linalg" || linalg::is_available(); }

DType widest_claimed(const Op& op) {
  for (DType t : {float64, float32, int64, bool_})
    if ((op.dtypes >> static_cast<int>(t)) & 1) return t;
  return float64;
}

namespace {

bool claims(const Op& op, DType t) { return (op.dtypes >> static_cast<int>(t)) & 1; }

// The dtype an op computes in when its inputs are `t`.
DType computing_dtype(const Op& op, DType t) {
  const bool becomes_float = op.is_elementwise && op.types == Types::kFloat && !is_floating(t);
  return becomes_float ? default_dtype() : t;
}

Tensors run_by_body(const OpCase& row, const Tensors& inputs) {
  const Tensors placeholders = placeholders_for(inputs);
  return replay(row.run(placeholders), placeholders, inputs, &record_of(row));
}

Tensors reference(const OpCase& row, const Tensors& inputs) {
  const Tensors plain = reference_inputs(row, inputs);
  if (row.naive) return row.naive(plain);
  return row.recorded ? row.run(plain) : run_by_body(row, plain);
}

void check_output_dtypes(const Op& op, DType computing, const Tensors& got, Report& report) {
  if (!op.is_elementwise) return;
  const DType want = op.types == Types::kCompare ? bool_ : computing;
  if (got[0].dtype() != want) report.add("gives ", got[0].dtype(), " where ", want, " is right");
}

void check_claimed(const OpCase& row, DType t, Report& report) {
  const Op& op = record_of(row);
  const Tensors inputs = make_inputs(row, t);
  const Tensors want = op.is_random && !row.naive ? Tensors{} : reference(row, inputs);
  const Tensors got = row.run(inputs);
  check_output_dtypes(op, computing_dtype(op, t), got, report);
  if (want.empty()) return;
  if (got.size() != want.size()) {
    report.add(got.size(), " outputs where ", want.size(), " are wanted");
    return;
  }
  for (size_t k = 0; k < got.size(); ++k) {
    // Whole-number results are exact whatever they were computed from.
    const double bound =
        is_floating(got[k].dtype()) ? std::max(bound_of(t), bound_of(got[k].dtype())) : 0;
    // A bool result says whether the value is zero; whole numbers wrap.
    const bool is_real = is_floating(got[k].dtype());
    const Tensor expected = is_real ? want[k] : converted(want[k], got[k].dtype());
    if (std::string text = difference(got[k], expected, bound * row.tolerance); !text.empty())
      report.add("output ", k, ": ", text);
  }
}

void check_refused(const OpCase& row, DType t, Report& report) {
  const Tensors inputs = make_inputs(row, t);
  try {
    row.run(inputs);
    report.add("works, though the record does not claim it");
  } catch (const TypeError&) {
  } catch (const std::exception& e) {
    report.add("is refused with another error than TypeError: ", e.what());
  }
}

}  // namespace

void check_values(const OpCase& row, Report& report) {
  const Op& op = record_of(row);
  if (!row.naive && !op.body && !op.is_random && !row.recorded) {
    report.add("the row has no naive twin and the record no body");
    return;
  }
  bool any_follows = false;
  for (const In& in : row.in) any_follows |= follows_dtype(in.kind);
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto t = static_cast<DType>(i);
    if (!any_follows && t != float64) continue;
    report.at(concat({"values in ", t}));
    try {
      if (!any_follows || claims(op, computing_dtype(op, t)))
        check_claimed(row, t, report);
      else if (!row.is_formula())  // those refuse what their ops refuse
        check_refused(row, t, report);
    } catch (const std::exception& e) {
      report.add("raised: ", e.what());
    }
  }
  report.at("");
}

void check_body(const OpCase& row, Report& report) {
  const Op& op = record_of(row);
  const bool is_fused = op.body && kernels::table(Device::kCpu).find(op.name);
  if (!is_fused || op.is_random || !row.deferred) return;
  for (DType t : {float64, float32}) {
    if (!claims(op, t)) continue;
    report.at(concat({"kernel against body in ", t}));
    try {
      const Tensors by_body = run_by_body(row, make_inputs(row, t));
      const Tensors by_kernel = row.run(make_inputs(row, t));
      const double bound = bound_of(t) * row.tolerance;
      if (std::string text = difference(by_kernel, by_body, bound); !text.empty()) report.add(text);
    } catch (const std::exception& e) {
      report.add("raised: ", e.what());
    }
  }
  report.at("");
}

}  // namespace rush::testing
