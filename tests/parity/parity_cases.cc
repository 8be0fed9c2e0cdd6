// Writes what the engine computes for every op row - inputs, outputs, first and second gradients -
// for judge.py, which asks PyTorch the same.
//   parity_cases DIR: DIR/cases.json and DIR/cases.bin, and the same of layers (write_layers.h)
//   parity_cases FROM TO: reads weights that PyTorch wrote and writes them anew
#include <iostream>

#include "rush/autograd/autograd.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"
#include "tests/parity/acceptance.h"
#include "tests/parity/archive.h"
#include "tests/parity/promotion.h"
#include "tests/parity/recurrent.h"
#include "tests/parity/write_layers.h"

namespace rush::parity {
namespace {

using nlohmann::json;
using testing::OpCase;

// Outputs that a gradient can start from, with fixed weights; undefined where there is none.
Tensors weights_of(const Tensors& outputs, uint64_t seed) {
  Tensors weights;
  for (size_t k = 0; k < outputs.size(); ++k) {
    const Tensor& y = outputs[k];
    const bool counts = y.defined() && is_floating(y.dtype()) && y.requires_grad();
    weights.push_back(counts ? testing::weights_for(y, seed + k) : Tensor());
  }
  return weights;
}

// Gradients of the weighted sum of ys by those xs that require one.
Tensors gradients(const Tensors& ys, const Tensors& xs, const Tensors& weights, bool create_graph) {
  std::vector<Tensor> from, by, dys;
  for (size_t k = 0; k < ys.size(); ++k) {
    if (!weights[k].defined()) continue;
    from.push_back(ys[k]);
    dys.push_back(weights[k]);
  }
  for (const Tensor& x : xs)
    if (x.defined() && x.requires_grad()) by.push_back(x);
  Tensors all;
  if (from.empty() || by.empty()) return all;
  const auto found = grad(from, by, dys, {.create_graph = create_graph, .allow_unused = true});
  size_t next = 0;
  for (const Tensor& x : xs)
    all.push_back(x.defined() && x.requires_grad() ? found[next++] : Tensor());
  return all;
}

json describe(const OpCase& row, DType t, Archive& archive) {
  const Op& op = testing::record_of(row);
  const bool differentiable = row.gradient && testing::has_gradient(op) && !op.mutates;
  const Tensors inputs = testing::make_inputs(row, t, differentiable);
  json entry = {{"op", row.op},
                {"name", row.full_name()},
                {"record", row.recorded && t == testing::widest_claimed(op)},
                {"dtype", name_of(t)},
                {"torch", row.torch},
                {"tolerance", row.tolerance},
                {"in", archive.add(inputs)}};  // before the call: it may write into them
  const Tensors outputs = row.run(inputs);
  entry["out"] = archive.add(outputs);
  if (!differentiable) return entry;
  const Tensors weights = weights_of(outputs, 100);
  const bool second = row.second && t == float64;
  const Tensors first = gradients(outputs, inputs, weights, second);
  if (first.empty()) return entry;
  entry["weights"] = archive.add(weights);
  entry["first"] = archive.add(first);
  if (!second) return entry;
  const Tensors directions = weights_of(first, 200);
  entry["directions"] = archive.add(directions);
  entry["second"] = archive.add(gradients(first, inputs, directions, false));
  return entry;
}

// The same call on zeros, infinities, NaN and large values: what an element-wise op gives there.
OpCase special_row(const OpCase& row) {
  OpCase special = row;
  special.label += special.label.empty() ? "special values" : ", special values";
  special.gradient = false;
  for (testing::In& in : special.in) {
    in.shape = {18};
    if (testing::is_differentiable_kind(in.kind)) in.kind = testing::In::kSpecial;
  }
  return special;
}

bool is_special(const OpCase& row) {
  for (const testing::In& in : row.in)
    if (in.kind == testing::In::kSpecial) return true;
  return false;
}

bool claims(const Op& op, DType t) { return (op.dtypes >> static_cast<int>(t)) & 1; }

std::vector<DType> judged_dtypes(const OpCase& row) {
  const Op& op = testing::record_of(row);
  bool any_follows = false;
  for (const testing::In& in : row.in) any_follows |= testing::follows_dtype(in.kind);
  if (!any_follows) return {float64};
  std::vector<DType> all;
  for (DType t : {float64, float32, int64, bool_})
    if (claims(op, t) && (is_floating(t) || !is_special(row))) all.push_back(t);
  return all;
}

int run(const std::string& folder) {
  Archive archive(folder + "/cases.bin");
  json rows = json::array();
  int failures = 0;
  std::vector<OpCase> judged;
  for (const OpCase& row : testing::all_cases().cases()) {
    if (row.torch.empty() || !testing::can_run(row)) continue;
    judged.push_back(row);
    const bool is_plain =
        row.family == "unary" || row.family == "binary" || row.family == "special";
    if (is_plain && testing::record_of(row).is_elementwise) judged.push_back(special_row(row));
  }
  for (const OpCase& row : judged) {
    for (DType t : judged_dtypes(row)) {
      try {
        rows.push_back(describe(row, t, archive));
      } catch (const std::exception& e) {
        std::cerr << row.op << "/" << row.label << " in " << name_of(t) << ": " << e.what() << "\n";
        ++failures;
      }
    }
  }
  const json given = acceptance(archive), layers = recurrent(archive);
  archive.close();
  std::ofstream index(folder + "/cases.json");
  index << json{
      {"rows", rows}, {"promotions", promotions()}, {"acceptance", given}, {"recurrent", layers}};
  index.close();
  if (!index) fail<IoError>("parity: cannot write ", folder, "/cases.json");
  return failures;
}

}  // namespace
}  // namespace rush::parity

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: parity_cases DIR | parity_cases FROM TO\n";
    return 2;
  }
  try {
    if (argc == 3) {
      rush::parity::exchange(argv[1], argv[2]);
      return 0;
    }
    const int failures = rush::parity::run(argv[1]) + rush::parity::write_layers(argv[1]);
    return failures == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
