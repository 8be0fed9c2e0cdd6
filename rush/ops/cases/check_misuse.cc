// Wrong shapes, indices and dtypes: refused with an error of ours that says something, or well
// defined. Under the sanitizers this is also what finds reads out of bounds.
#include "rush/core/apply.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"

namespace rush::testing {

namespace {

// Shapes that a caller might pass by mistake for one of shape `s`.
std::vector<Shape> wrong_shapes(const Shape& s) {
  std::vector<Shape> all;
  for (int d = 0; d < s.size(); ++d) {
    for (int64_t size : {s[d] + 1, s[d] - 1, int64_t{0}, int64_t{1}}) {
      if (size < 0 || size == s[d]) continue;
      all.push_back(s);
      all.back()[d] = size;
    }
    all.push_back(s);
    all.back().erase(d);
  }
  all.push_back(s);
  all.back().insert(0, 2);
  all.push_back(s);
  all.back().push_back(1);
  return all;
}

void check_text(const std::string& text, Report& report) {
  const size_t colon = text.find(": ");
  if (colon == std::string::npos || colon == 0 || colon + 2 >= text.size())
    report.add("the error does not read `op: rule; what came`: ", text);
}

// Whether the call raised an error of ours.
bool is_refused(const OpCase& row, const Tensors& inputs, Report& report) {
  try {
    row.run(inputs);
  } catch (const Error& e) {
    check_text(e.what(), report);
    return true;
  } catch (const std::exception& e) {
    report.add("raised something that is no rush::Error: ", e.what());
  }
  return false;
}

void check_shapes(const OpCase& row, size_t i, Report& report) {
  for (const Shape& shape : wrong_shapes(row.in[i].shape)) {
    report.at(concat({"input ", i, " of shape ", shape}));
    std::vector<Shape> shapes;
    for (const In& in : row.in) shapes.push_back(in.shape);
    shapes[i] = shape;
    const Tensors inputs = make_inputs(row, shapes, widest_claimed(record_of(row)));
    const bool refused = is_refused(row, inputs, report);
    if (!record_of(row).is_elementwise || refused) continue;
    try {  // it worked, so the shapes must broadcast
      Shape common = shapes[0];
      for (size_t j = 1; j < shapes.size(); ++j)
        if (row.in[j].kind != In::kAbsent) common = broadcast_shapes("misuse", common, shapes[j]);
    } catch (const ShapeError&) {
      report.add("works, though the shapes do not broadcast");
    }
  }
}

void check_indices(const OpCase& row, size_t i, Report& report) {
  if (numel(row.in[i].shape) == 0) return;
  for (int64_t wild : {int64_t{1} << 40, -(int64_t{1} << 40)}) {
    report.at(concat({"index ", wild, " in input ", i}));
    const Tensors inputs = make_inputs(row, widest_claimed(record_of(row)));
    inputs[i].data<int64_t>()[inputs[i].numel() - 1] = wild;
    if (!is_refused(row, inputs, report)) report.add("is accepted");
  }
  report.at(concat({"input ", i, " as float64"}));
  Tensors inputs = make_inputs(row, widest_claimed(record_of(row)));
  inputs[i] = converted(inputs[i], float64);
  if (!is_refused(row, inputs, report)) report.add("is accepted, though it holds indices");
}

}  // namespace

void check_misuse(const OpCase& row, Report& report) {
  NoGrad off;
  for (size_t i = 0; i < row.in.size(); ++i) {
    if (row.in[i].kind == In::kAbsent) continue;
    check_shapes(row, i, report);
    if (row.in[i].kind == In::kIndex) check_indices(row, i, report);
  }
  if (!row.in.empty() && row.in[0].kind != In::kAbsent) {
    report.at("an undefined first input");
    Tensors inputs = make_inputs(row, widest_claimed(record_of(row)));
    inputs[0] = Tensor();
    if (!is_refused(row, inputs, report)) report.add("is accepted");
  }
  report.at("");
}

}  // namespace rush::testing
