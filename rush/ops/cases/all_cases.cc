// The rows of all families, in one list.
#include "rush/ops/cases/op_case.h"

namespace rush::testing {

// A family without rows yet counts as empty; its real function replaces the weak one here.
[[gnu::weak]] void add_unary_cases(CaseList&) {}
[[gnu::weak]] void add_binary_cases(CaseList&) {}
[[gnu::weak]] void add_reduce_cases(CaseList&) {}
[[gnu::weak]] void add_movement_cases(CaseList&) {}
[[gnu::weak]] void add_index_cases(CaseList&) {}
[[gnu::weak]] void add_sort_cases(CaseList&) {}
[[gnu::weak]] void add_softmax_cases(CaseList&) {}
[[gnu::weak]] void add_norm_cases(CaseList&) {}
[[gnu::weak]] void add_loss_cases(CaseList&) {}
[[gnu::weak]] void add_random_cases(CaseList&) {}
[[gnu::weak]] void add_optim_cases(CaseList&) {}
[[gnu::weak]] void add_matmul_cases(CaseList&) {}
[[gnu::weak]] void add_conv_cases(CaseList&) {}
[[gnu::weak]] void add_pool_cases(CaseList&) {}
[[gnu::weak]] void add_order_formulas(CaseList&) {}
[[gnu::weak]] void add_statistics_formulas(CaseList&) {}
[[gnu::weak]] void add_join_formulas(CaseList&) {}
[[gnu::weak]] void add_image_formulas(CaseList&) {}
[[gnu::weak]] void add_product_formulas(CaseList&) {}
[[gnu::weak]] void add_special_formulas(CaseList&) {}
[[gnu::weak]] void add_linalg_formulas(CaseList&) {}
[[gnu::weak]] void add_fft_formulas(CaseList&) {}
[[gnu::weak]] void add_special_cases(CaseList&) {}
[[gnu::weak]] void add_linalg_cases(CaseList&) {}
[[gnu::weak]] void add_fft_cases(CaseList&) {}
[[gnu::weak]] void add_recurrent_cases(CaseList&) {}

namespace {

CaseList make_all() {
  constexpr std::pair<const char*, void (*)(CaseList&)> kFamilies[] = {
      {"unary", add_unary_cases},         {"binary", add_binary_cases},
      {"reduce", add_reduce_cases},       {"movement", add_movement_cases},
      {"index", add_index_cases},         {"sort", add_sort_cases},
      {"softmax", add_softmax_cases},     {"norm", add_norm_cases},
      {"loss", add_loss_cases},           {"random", add_random_cases},
      {"optim", add_optim_cases},         {"matmul", add_matmul_cases},
      {"conv", add_conv_cases},           {"pool", add_pool_cases},
      {"attention", add_attention_cases}, {"special", add_special_cases},
      {"linalg", add_linalg_cases},       {"fft", add_fft_cases},
      {"sort", add_order_formulas},       {"reduce", add_statistics_formulas},
      {"movement", add_join_formulas},    {"movement", add_image_formulas},
      {"matmul", add_product_formulas},   {"special", add_special_formulas},
      {"linalg", add_linalg_formulas},    {"fft", add_fft_formulas},
      {"recurrent", add_recurrent_cases},
  };
  CaseList all;
  for (const auto& [family, add] : kFamilies) {
    CaseList rows;
    add(rows);
    for (OpCase row : rows.cases()) {
      row.family = family;
      all.add(std::move(row));
    }
  }
  return all;
}

}  // namespace

const CaseList& all_cases() {
  static const CaseList all = make_all();
  return all;
}

}  // namespace rush::testing
