// Rows of functions without records, in short form: their values are those that PyTorch gave.
#pragma once

#include "rush/ops/cases/op_case.h"

namespace rush::testing {

struct Formula {
  const char *call, *doc, *label;
  std::vector<In> in;
  std::function<Tensors(const Tensors&)> run;
  const char* torch;
  bool gradient = true, second = true;
  double tolerance = 1;
  bool deferred = true;
  bool whole = false;  // integers too
};
inline void add_formulas(CaseList& list, const std::vector<Formula>& formulas) {
  for (const Formula& f : formulas) {
    OpCase row;
    row.call = f.call;
    row.op = row.call.substr(0, row.call.find('('));
    row.doc = f.doc;
    row.recorded = true;
    row.label = f.label;
    row.in = f.in;
    row.run = f.run;
    row.torch = f.torch;
    row.gradient = f.gradient;
    row.second = f.gradient && f.second;
    row.tolerance = f.tolerance;
    row.deferred = f.deferred;
    row.dtypes = {float32, float64};
    if (f.whole) row.dtypes.push_back(int64);
    list.add(std::move(row));
  }
}

// The only output.
inline std::function<Tensors(const Tensors&)> one(std::function<Tensor(const Tensors&)> f) {
  return [f = std::move(f)](const Tensors& x) { return Tensors{f(x)}; };
}

}  // namespace rush::testing
