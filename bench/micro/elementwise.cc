// Element-wise ops and reductions against the bandwidth of memory, and of caches where all fits.
#include <functional>
#include <string>

#include "bench/micro/micro.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::bench {
namespace {

constexpr int64_t kFloat = sizeof(float);

// A shape that has no power of two in it, and three sizes: in the first cache, the second, neither.
const Shape kShapes[] = {{37, 61}, {251, 509}, {2039, 4093}};

struct Operands {
  Tensor x, y, row, column, transposed, every_other;

  explicit Operands(const Shape& shape)
      : x(randn(shape)),
        y(randn(shape)),
        row(randn({shape[1]})),
        column(randn({shape[0], 1})),
        transposed(randn({shape[1], shape[0]}).t()),
        every_other(slice(randn({shape[0], 2 * shape[1]}), 1, 0, INT64_MAX, 2)) {}
};

struct Case {
  const char* name;
  double arrays;  // of the whole shape, read or written
  std::function<Tensor(const Operands&)> run;
};

const Case kCases[] = {
    {"relu", 2, [](const Operands& o) { return relu(o.x); }},
    {"exp", 2, [](const Operands& o) { return exp(o.x); }},
    {"tanh", 2, [](const Operands& o) { return tanh(o.x); }},
    {"gelu", 2, [](const Operands& o) { return gelu(o.x); }},
    {"add", 3, [](const Operands& o) { return o.x + o.y; }},
    {"add_number", 2, [](const Operands& o) { return o.x + 1; }},
    {"add_row", 2, [](const Operands& o) { return o.x + o.row; }},
    {"add_column", 2, [](const Operands& o) { return o.x + o.column; }},
    {"add_transposed", 3, [](const Operands& o) { return o.x + o.transposed; }},
    {"add_every_other", 3, [](const Operands& o) { return o.x + o.every_other; }},
    {"copy_transposed", 2, [](const Operands& o) { return o.transposed.contiguous(); }},
    {"add_in_place", 3, [](const Operands& o) { return Tensor(o.x) += o.y; }},
    {"to_bfloat16", 1.5, [](const Operands& o) { return o.x.to(bfloat16); }},
    {"sum", 1, [](const Operands& o) { return sum(o.x); }},
    {"sum_of_rows", 1, [](const Operands& o) { return sum(o.x, {1}); }},
    {"sum_of_columns", 1, [](const Operands& o) { return sum(o.x, {0}); }},
    {"sum_every_other", 1, [](const Operands& o) { return sum(o.every_other); }},
    {"amax_of_rows", 1, [](const Operands& o) { return amax(o.x, {1}); }},
    {"argmax_of_rows", 1, [](const Operands& o) { return argmax(o.x, 1); }},
    {"var_of_columns", 1, [](const Operands& o) { return var(o.x, {0}); }},
};

void run(benchmark::State& state, const Case& c, const Shape& shape) {
  const NoGrad no_grad;
  const Operands operands(shape);
  for (auto _ : state) benchmark::DoNotOptimize(c.run(operands));
  const auto elements = static_cast<double>(shape[0] * shape[1]);
  report_bytes(state, static_cast<int64_t>(c.arrays * elements) * kFloat);
}

const bool kRegistered = [] {
  for (const Case& c : kCases)
    for (const Shape& shape : kShapes) {
      const std::string size = std::to_string(shape[0]) + "x" + std::to_string(shape[1]);
      benchmark::RegisterBenchmark((std::string(c.name) + "/" + size).c_str(), run, c, shape)
          ->UseRealTime();
    }
  return true;
}();

}  // namespace
}  // namespace rush::bench
