// Ops that draw random numbers: rows for shapes and dtypes; random_test compares the numbers with
// PyTorch's. Dropout is a function of its key, so it has a naive twin.
#include <cmath>

#include "rush/base/random.h"
#include "rush/core/apply.h"
#include "rush/kernels/attrs/random.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/random.h"

namespace rush::testing {

namespace {

const char* const kDraws = "draws numbers; random_test compares them with PyTorch's";

void add_draws(CaseList& list) {
  const auto add = [&](const char* op, std::vector<In> in,
                       std::function<Tensors(const Tensors&)> run) {
    OpCase c;
    c.op = op;
    c.in = std::move(in);
    c.run = std::move(run);
    c.no_torch = kDraws;
    list.add(std::move(c));
  };
  add("uniform", {}, [](const Tensors&) { return Tensors{rand({3, 4})}; });
  add("normal", {}, [](const Tensors&) { return Tensors{randn({3, 4})}; });
  add("randint", {}, [](const Tensors&) { return Tensors{randint(-3, 9, {3, 4})}; });
  add("randperm", {}, [](const Tensors&) { return Tensors{randperm(9)}; });
  add("bernoulli", {{{3, 4}, 0, 1, In::kFixedReal}},
      [](const Tensors& in) { return Tensors{bernoulli(in[0])}; });
  add("random_key", {{{3, 4}}},
      [](const Tensors& in) { return Tensors{apply(*find_op("random_key"), {in[0]})}; });
}

const int64_t kKey[] = {12345, 678};
Tensor key() { return Tensor::copy_of(kKey, 2, {2}, int64); }

// Word w of counter c masks element 64 g + 16 w + (c - 16 g).
Tensors naive_dropout(const Tensors& in, double p) {
  const Tensor out = Tensor::empty(in[0].shape(), float64);
  for (int64_t i = 0; i < out.numel(); ++i) {
    const int64_t counter = i / 64 * 16 + i % 16;
    const uint32_t word = philox(static_cast<uint64_t>(kKey[0]),
                                 static_cast<uint64_t>(kKey[1] + counter))[i % 64 / 16];
    const bool is_kept = word >= p * std::exp2(32);
    out.data<double>()[i] = is_kept ? in[0].data<double>()[i] / (1 - p) : 0;
  }
  return {out};
}

void add_dropout(CaseList& list) {
  OpCase c;
  c.op = "dropout";
  c.in = {{{7, 23}}};
  c.run = [](const Tensors& in) {
    return Tensors{apply(*find_op("dropout"), {in[0], key()}, DropoutAttrs{0.25})};
  };
  c.naive = [](const Tensors& in) { return naive_dropout(in, 0.25); };
  c.no_torch = "the mask is ours";
  list.add(std::move(c));
}

}  // namespace

void add_random_cases(CaseList& list) {
  add_draws(list);
  add_dropout(list);
}

}  // namespace rush::testing
