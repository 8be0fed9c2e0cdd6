// One row an op: what to feed it, what it must give, and how PyTorch says the same. The runner
// (op_runner_test.cc) and the parity suite check everything else from these rows.
//
// Functions that are formulas in other ops and have no record have rows too: they say in `doc` what
// the function gives, and in `dtypes` what to try.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rush/core/op.h"

namespace rush::testing {

// How one input is made. Values are drawn from a seed fixed per row.
struct In {
  enum Kind : uint8_t {
    kReal,      // uniform in [low, high]; cast to the dtype under test; differentiable
    kDistinct,  // as kReal, but all values at least (high - low) / (2 * numel) apart: no ties
    kInteger,   // whole numbers in [low, high], in the dtype under test; differentiable if floating
    kIndex,     // int64 in [low, high)
    kBool,      // a mask
    kFixedReal,  // as kReal, but always in the floating type under test even for integer runs, and
                 // no gradient is asked for
    kSpecial,    // zeros, infinities, NaN, ties, large and small values; no gradient is asked for
    kAbsent,     // an optional input that is left out
  };
  Shape shape;
  double low = -2, high = 2;
  Kind kind = kReal;
};

struct OpCase {
  std::string op;     // the record this row covers
  std::string label;  // tells rows of one op apart: "stride 2, bias"
  std::vector<In> in{};
  std::function<Tensors(const Tensors&)> run{};  // the call, through the public function
  // The naive twin: float64 contiguous inputs (masks bool, indices int64) to float64 (or int64,
  // bool) outputs, with plain loops over data<double>() and no op of ours. May be left out where
  // the record has a body (which is then the reference).
  std::function<Tensors(const Tensors&)> naive{};
  // The same in PyTorch: an expression over x0, x1, ... giving a tensor or a tuple; torch and
  // F = torch.nn.functional are in scope. Empty only with a reason in `no_torch`.
  std::string torch{};
  std::string no_torch{};
  double tolerance = 1;             // factor on the runner's bounds (float32: 1e-5 relative)
  bool gradient = true;             // check gradients (when the record is differentiable)
  bool second = true;               // and second ones
  bool elementwise_layouts = true;  // also run on strided and broadcast inputs
  bool deferred = true;             // works on placeholders: shapes do not depend on values
  std::string family{};             // set by all_cases()
  // Of a function without a record: how it is called, what it gives, and the types to try.
  std::string call{}, doc{};
  std::vector<DType> dtypes{};

  // No naive twin: the values are compared with those that PyTorch gave once
  // (recorded_values_test.cc), the narrower types with float64.
  bool recorded = false;

  bool is_formula() const { return !doc.empty(); }
  std::string full_name() const { return op + (label.empty() ? "" : "/" + label); }
};

class CaseList {
 public:
  void add(OpCase c) { cases_.push_back(std::move(c)); }
  const std::vector<OpCase>& cases() const { return cases_; }

 private:
  std::vector<OpCase> cases_;
};

// Naive twins of element-wise ops from a function on doubles.
std::function<Tensors(const Tensors&)> naive_unary(double (*f)(double));
std::function<Tensors(const Tensors&)> naive_binary(double (*f)(double, double));

// The families, one source file each (cases/<family>_cases.cc); all_cases.cc calls them all.
const CaseList& all_cases();
void add_unary_cases(CaseList&);
void add_binary_cases(CaseList&);
void add_reduce_cases(CaseList&);
void add_movement_cases(CaseList&);
void add_index_cases(CaseList&);
void add_sort_cases(CaseList&);
void add_softmax_cases(CaseList&);
void add_norm_cases(CaseList&);
void add_loss_cases(CaseList&);
void add_random_cases(CaseList&);
void add_optim_cases(CaseList&);
void add_matmul_cases(CaseList&);
void add_conv_cases(CaseList&);
void add_pool_cases(CaseList&);
void add_attention_cases(CaseList&);
// Functions without records.
void add_order_formulas(CaseList&);
void add_statistics_formulas(CaseList&);
void add_join_formulas(CaseList&);
void add_image_formulas(CaseList&);
void add_product_formulas(CaseList&);
void add_special_formulas(CaseList&);
void add_linalg_formulas(CaseList&);
void add_fft_formulas(CaseList&);
// Ops with records.
void add_special_cases(CaseList&);
void add_linalg_cases(CaseList&);
void add_fft_cases(CaseList&);
void add_recurrent_cases(CaseList&);

}  // namespace rush::testing
