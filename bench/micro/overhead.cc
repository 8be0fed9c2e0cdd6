// What an op costs beside its arithmetic: calls, tape, backward pass, memory, small products.
#include "bench/micro/micro.h"
#include "rush/autograd/autograd.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/tensor/allocator.h"

namespace rush::bench {
namespace {

void add_no_tape(benchmark::State& state) {
  const Tensor a = ones({1}), b = ones({1});
  for (auto _ : state) benchmark::DoNotOptimize(add(a, b));
}
BENCHMARK(add_no_tape);

void add_in_place(benchmark::State& state) {
  Tensor a = ones({1});
  const Tensor b = ones({1});
  for (auto _ : state) a += b;
}
BENCHMARK(add_in_place);

void mul_by_number(benchmark::State& state) {
  const Tensor a = ones({1});
  for (auto _ : state) benchmark::DoNotOptimize(mul(a, 2.0));
}
BENCHMARK(mul_by_number);

void sum_of_four(benchmark::State& state) {
  const Tensor a = ones({4});
  for (auto _ : state) benchmark::DoNotOptimize(sum(a));
}
BENCHMARK(sum_of_four);

void view_of_four(benchmark::State& state) {
  const Tensor a = ones({4});
  for (auto _ : state) benchmark::DoNotOptimize(a.reshape({2, 2}));
}
BENCHMARK(view_of_four);

void add_with_tape(benchmark::State& state) {
  const Tensor x = ones({1}).requires_grad_(), b = ones({1});
  for (auto _ : state) benchmark::DoNotOptimize(add(x, b));
}
BENCHMARK(add_with_tape);

// A chain of so many additions, recorded; the backward pass alone is timed: per node.
void backward_node(benchmark::State& state) {
  const int64_t chain = state.range(0);
  const Tensor x = ones({1}).requires_grad_(), b = ones({1});
  for (auto _ : state) {
    state.PauseTiming();
    Tensor y = x;
    for (int64_t i = 0; i < chain; ++i) y = add(y, b);
    state.ResumeTiming();
    y.backward();
    state.PauseTiming();
    y = Tensor();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * chain);
}
BENCHMARK(backward_node)->Arg(1000);

// Forward, backward and the release of the tape.
void chain_of_adds(benchmark::State& state) {
  const int64_t chain = state.range(0);
  const Tensor x = ones({1}).requires_grad_(), b = ones({1});
  for (auto _ : state) {
    Tensor y = x;
    for (int64_t i = 0; i < chain; ++i) y = add(y, b);
    y.backward();
  }
  state.SetItemsProcessed(state.iterations() * chain);
}
BENCHMARK(chain_of_adds)->Arg(1)->Arg(10)->Arg(100);

void allocation(benchmark::State& state) {
  for (auto _ : state) {
    size_t capacity = 0;
    void* block = allocate(static_cast<size_t>(state.range(0)), &capacity);
    benchmark::DoNotOptimize(block);
    deallocate(block, capacity);
  }
}
BENCHMARK(allocation)->RangeMultiplier(16)->Range(64, 1 << 26);

void empty_tensor(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Tensor::empty({16, 16}, float32));
}
BENCHMARK(empty_tensor);

void square_product(benchmark::State& state) {
  const NoGrad no_grad;
  const int64_t n = state.range(0);
  const Tensor a = ones({n, n}), b = ones({n, n});
  for (auto _ : state) benchmark::DoNotOptimize(matmul(a, b));
  report_products(state, static_cast<double>(n * n * n));
}
BENCHMARK(square_product)->RangeMultiplier(2)->Range(2, 64)->Arg(3)->Arg(17)->Arg(33);

void square_product_transposed(benchmark::State& state) {
  const NoGrad no_grad;
  const int64_t n = state.range(0);
  const Tensor a = ones({n, n}), b = ones({n, n}).t();
  for (auto _ : state) benchmark::DoNotOptimize(matmul(a, b));
  report_products(state, static_cast<double>(n * n * n));
}
BENCHMARK(square_product_transposed)->RangeMultiplier(2)->Range(2, 64);

// A batch of rows through a layer, as small networks have them.
void linear_layer(benchmark::State& state) {
  const NoGrad no_grad;
  const int64_t rows = state.range(0), width = state.range(1);
  const Tensor x = ones({rows, width}), w = ones({width, width}), b = ones({width});
  for (auto _ : state) benchmark::DoNotOptimize(linear(x, w, b));
  report_products(state, static_cast<double>(rows * width * width));
}
BENCHMARK(linear_layer)->ArgsProduct({{1, 32, 100}, {2, 16, 64, 256}});

}  // namespace
}  // namespace rush::bench
