// One table per family; every cell comes from the record.
#include "rush/ops/cases/ops_doc.h"

#include <algorithm>
#include <map>

#include "rush/ops/cases/op_case.h"

namespace rush::testing {

namespace {

constexpr std::pair<const char*, const char*> kTitles[] = {
    {"unary", "Element-wise, of one tensor"},
    {"binary", "Element-wise, of several tensors"},
    {"reduce", "Reductions and scans"},
    {"movement", "Moving elements"},
    {"index", "Indexing"},
    {"sort", "Sorting"},
    {"matmul", "Matrix products"},
    {"conv", "Convolutions"},
    {"pool", "Pooling"},
    {"attention", "Attention"},
    {"recurrent", "Recurrent layers"},
    {"norm", "Normalisation"},
    {"softmax", "Softmax"},
    {"loss", "Losses"},
    {"random", "Random numbers"},
    {"special", "Special functions"},
    {"linalg", "Linear algebra"},
    {"fft", "Fourier transforms"},
    {"optim", "Optimiser steps"},
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& p : parts) text += (text.empty() ? "" : ", ") + p;
  return text;
}

// `conv2d(x, w, bias?; stride, padding)`
std::string signature(const Op& op) {
  std::string text = op.name + "(" + joined(op.args);
  if (op.attrs) text += (op.args.empty() ? "" : "; ") + joined(op.attrs->names());
  return text + ")";
}

std::string dtypes_text(const Op& op) {
  const auto bit = [](DType t) { return 1u << static_cast<int>(t); };
  const unsigned half = bit(float16) | bit(bfloat16), wide = bit(float32) | bit(float64);
  const unsigned all = (1u << kDTypeCount) - 1, boolean = bit(bool_);
  const unsigned floats = half | wide, integers = all & ~floats & ~boolean;
  const bool converts = op.is_elementwise && op.types == Types::kFloat;
  if (op.dtypes == all) return "all";
  if (op.dtypes == floats) return converts ? "floating; others become float32" : "floating";
  if (op.dtypes == (floats | integers)) return "floating, integer";
  if (op.dtypes == (integers | boolean)) return "integer, bool";
  if (op.dtypes == integers) return "integer";
  std::vector<std::string> names;
  for (int i = 0; i < kDTypeCount; ++i)
    if ((op.dtypes >> i) & 1) names.emplace_back(name_of(static_cast<DType>(i)));
  return joined(names);
}

std::string kind_text(const Op& op) {
  const bool has_kernel = kernels::table(Device::kCpu).find(op.name) != nullptr;
  std::string text = op.is_view              ? "view"
                     : op.body && has_kernel ? "fused"
                     : op.body               ? "composite"
                     : op.writes_in_place()  ? "in place"
                     : op.is_random          ? "random"
                                             : "primitive";
  return text;
}

std::string gradient_text(const Op& op) {
  if (op.has_body_gradient()) return "by its formula";
  std::vector<std::string> inputs;
  for (size_t i = 0; i < op.args.size(); ++i) {
    std::string name = op.args[i];
    if (name.back() == '?' || name.back() == '*') name.pop_back();
    if (op.is_differentiable(i)) inputs.push_back(name);
  }
  return inputs.empty() ? "none" : joined(inputs);
}

// A bar would end the cell.
std::string escaped(const std::string& doc) {
  std::string text;
  for (char c : doc) text += c == '|' ? "\\|" : std::string(1, c);
  return text;
}

std::string row_text(const Op& op) {
  return "| `" + signature(op) + "` | " + escaped(op.doc) + " | " + dtypes_text(op) + " | " +
         kind_text(op) + " | " + gradient_text(op) + " |\n";
}

// Functions that are formulas in the ops of their family, sorted by name.
std::string formulas_text(const std::string& family) {
  std::map<std::string, std::string> lines;
  for (const OpCase& row : all_cases().cases())
    if (row.is_formula() && row.family == family)
      lines.emplace(row.call, "| `" + row.call + "` | " + escaped(row.doc) + " |\n");
  if (lines.empty()) return "";
  std::string text = "\nFormulas in other ops:\n\n| function | what it gives |\n|---|---|\n";
  for (const auto& [call, line] : lines) text += line;
  return text;
}

}  // namespace

std::string ops_page() {
  std::map<std::string, std::map<std::string, const Op*>> families;
  for (const OpCase& row : all_cases().cases())
    if (const Op* op = find_op(row.op)) families[row.family].emplace(op->name, op);
  std::string page =
      "# Ops\n\n"
      "Made from the op records by `make docs`; the tests check that it is fresh. A name ending "
      "in\n"
      "`?` may be left out, `*` stands for any number of tensors; attributes follow the "
      "semicolon.\n\n"
      "A *primitive* has a kernel and gradient rules, a *composite* is a formula in other ops, a\n"
      "*fused* op is such a formula with a kernel of its own, a *view* shares its input's "
      "memory.\n";
  for (const auto& [family, title] : kTitles) {
    const std::string formulas = formulas_text(family);
    if (families[family].empty() && formulas.empty()) continue;
    page += std::string("\n## ") + title + "\n";
    if (!families[family].empty())
      page += "\n| op | what it gives | types | kind | gradient |\n|---|---|---|---|---|\n";
    for (const auto& [name, op] : families[family]) page += row_text(*op);
    page += formulas;
  }
  return page;
}

}  // namespace rush::testing
