#include "rush/kernels/fused.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <random>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/attrs/random.h"
#include "rush/kernels/attrs/unary.h"
#include "rush/kernels/elementwise.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

const Entry& entry(const char* op) { return *table(Device::kCpu).find(op); }

// Memory with a view of it.
struct Array {
  std::vector<char> bytes;
  View view;

  Array(DType t, const Shape& shape, const Strides& strides) {
    int64_t last = 0;
    for (int d = 0; d < shape.size(); ++d) last += std::max<int64_t>(shape[d] - 1, 0) * strides[d];
    bytes.assign((static_cast<size_t>(last) + 1) * size_of(t), 0);
    view = {bytes.data(), t, shape, strides};
  }
  Array(DType t, const Shape& shape) : Array(t, shape, contiguous_strides(shape)) {}
  Array(const Array& o) : bytes(o.bytes), view(o.view) { view.data = bytes.data(); }

  const Array& fill(int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    dispatch(view.dtype, [&]<typename T>() {
      for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
        const double u = static_cast<double>(random()) / 4294967296.0;
        const float v = static_cast<float>(is_floating(view.dtype)      ? 4 * u - 2
                                           : view.dtype == DType::kBool ? std::round(u)
                                                                        : std::floor(100 * u));
        view.as<T>()[i] = static_cast<T>(v);
      }
    });
    return *this;
  }
};

// A chain under construction, and its values one step after the other.
struct Builder {
  FusedChain chain;
  std::deque<Array> values;  // whole, in the order of the shape
  std::vector<View> in;
  DropoutAttrs dropout{0.3};
  GeluAttrs gelu;
  std::deque<CastAttrs> casts;

  int input(const View& v) {
    chain.inputs.push_back(v.dtype);
    in.push_back(v);
    values.emplace_back(v.dtype, Shape{});  // stands for it; `in` is read
    return static_cast<int>(in.size()) - 1;
  }
  View value(int v) const {
    return v < static_cast<int>(in.size()) ? in[static_cast<size_t>(v)]
                                           : values[static_cast<size_t>(v)].view;
  }
  int add(FusedStep step, const std::vector<int>& from, DType result, const Entry& one) {
    step.in = from;
    step.result = result;
    std::vector<View> views;
    for (int v : from) views.push_back(value(v));
    values.emplace_back(result, views[0].shape);
    run_elementwise(one, views.back().dtype, values.back().view, views, step.attrs);
    chain.steps.push_back(step);
    return static_cast<int>(values.size()) - 1;
  }
  int op(const char* name, const std::vector<int>& from, DType result,
         const void* attrs = nullptr) {
    FusedStep step;
    step.run = entry(name).rows[static_cast<int>(value(from.back()).dtype)];
    step.attrs = attrs;
    step.cost = entry(name).cost;
    step.name = name;
    return add(step, from, result, entry(name));
  }
  int op(const char* name, const std::vector<int>& from) {
    return op(name, from, value(from.back()).dtype);
  }
  int cast(int from, DType to) {
    FusedStep step;
    step.attrs = &casts.emplace_back(CastAttrs{to});
    step.run = cast_row(value(from).dtype);
    Entry one;
    one.rows[static_cast<int>(value(from).dtype)] = step.run;
    return add(step, {from}, to, one);
  }
  int drop(int from, int key) {
    FusedStep step;
    step.attrs = &dropout;
    step.run_at = dropout_row(value(from).dtype);
    step.in = {from, key};
    step.result = value(from).dtype;
    const View in_views[] = {value(from), value(key)};
    Array x(step.result, in_views[0].shape);
    const View source[] = {in_views[0]};
    Entry copy;
    copy.rows[static_cast<int>(step.result)] = cast_row(step.result);
    const CastAttrs same{step.result};
    run_elementwise(copy, step.result, x.view, source, &same);
    values.emplace_back(step.result, in_views[0].shape);
    const View from_views[] = {x.view, in_views[1]};
    entry("dropout").kernel({from_views, {&values.back().view, 1}, &dropout});
    chain.steps.push_back(step);
    return static_cast<int>(values.size()) - 1;
  }
  void output(int value, Reduce reduce = Reduce::kNone, double scale = 1) {
    chain.outputs.push_back({value, reduce, scale});
  }
};

// Calls f(offset in a, offset in b) for all elements of two views of one shape.
template <typename F>
void for_both(const View& a, const View& b, F&& f) {
  Dims at = Dims::filled(a.shape.size(), 0);
  for (int64_t i = 0, n = a.numel(); i < n; ++i) {
    int64_t x = 0, y = 0;
    for (int d = 0; d < at.size(); ++d) {
      x += at[d] * a.strides[d];
      y += at[d] * b.strides[d];
    }
    f(x, y);
    for (int d = at.size() - 1; d >= 0 && ++at[d] == a.shape[d]; --d) at[d] = 0;
  }
}
void expect_same(const View& a, const View& b, const char* what = "") {
  const size_t item = size_of(a.dtype);
  int64_t different = 0;
  for_both(a, b, [&](int64_t x, int64_t y) {
    different += std::memcmp(a.as<char>() + x * static_cast<int64_t>(item),
                             b.as<char>() + y * static_cast<int64_t>(item), item) != 0;
  });
  EXPECT_EQ(different, 0) << "elements differ, " << what << to_text(a.shape);
}

TEST(Fused, GivesTheBitsOfSingleStepsAtEverySize) {
  for (int64_t n : {1, 2, 15, 16, 17, 63, 64, 65, 500, 1000, 2047, 2048, 2049, 5000, 100000}) {
    Builder b;
    Array x(DType::kFloat32, {n}), y(DType::kFloat32, {n}), one(DType::kFloat32, {n}, {0});
    const int vx = b.input(x.fill(1).view), vy = b.input(y.fill(2).view);
    const int v1 = b.input(one.fill(3).view);
    const int sum = b.op("add", {vx, vy}), t = b.op("tanh", {sum}), m = b.op("mul", {t, vx});
    const int s = b.op("sub", {m, v1}), e = b.op("exp", {s});
    b.output(e);
    b.output(t);
    Array out(DType::kFloat32, {n}), between(DType::kFloat32, {n});
    run_fused(b.chain, b.in, std::vector<View>{out.view, between.view});
    expect_same(out.view, b.value(e));
    expect_same(between.view, b.value(t));
  }
}

TEST(Fused, TakesAnyStrides) {
  const Shape shape = {6, 10, 40};
  const Strides inputs[] = {{400, 40, 1}, {1, 6, 60}, {40, 0, 1}, {0, 0, 1},   {0, 1, 0},
                            {1, 0, 0},    {0, 0, 0},  {0, 40, 1}, {800, 80, 2}};
  for (const Strides& to : {Strides{400, 40, 1}, Strides{1, 6, 60}, Strides{1000, 100, 2}})
    for (const Strides& s : inputs)
      for (const Strides& r : inputs) {
        Builder b;
        Array x(DType::kFloat32, shape, s), y(DType::kFloat32, shape, r),
            out(DType::kFloat32, shape, to);
        const int vx = b.input(x.fill(1).view), vy = b.input(y.fill(2).view);
        const int d = b.op("sub", {vx, vy}), m = b.op("mul", {d, vy}), e = b.op("sigmoid", {m});
        b.output(e);
        run_fused(b.chain, b.in, std::vector<View>{out.view});
        expect_same(out.view, b.value(e), (to_text(to) + to_text(s) + to_text(r)).c_str());
      }
}

TEST(Fused, CutsRowsLongerThanTiles) {
  const Shape shape = {7, 5000};
  Builder b;
  Array x(DType::kFloat64, shape), bias(DType::kFloat64, shape, {0, 1});
  Array column(DType::kFloat64, shape, {1, 0}), out(DType::kFloat64, shape);
  const int vx = b.input(x.fill(1).view), vb = b.input(bias.fill(2).view);
  const int vc = b.input(column.fill(3).view);
  b.output(b.op("mul", {b.op("add", {vx, vb}), vc}));
  run_fused(b.chain, b.in, std::vector<View>{out.view});
  expect_same(out.view, b.values.back().view);
}

TEST(Fused, WritesOverInputsThatLaterStepsRead) {
  const Shape shape = {3000};
  Array x(DType::kFloat32, shape), y(DType::kFloat32, shape);
  x.fill(1);
  y.fill(2);
  Builder b;
  const int vx = b.input(x.view), vy = b.input(y.view);
  const int early = b.op("add", {vx, vy}), late = b.op("mul", {early, vx});
  const int last = b.op("sub", {late, vy});
  b.output(early);  // over x, which `late` still reads
  b.output(last);   // over y
  run_fused(b.chain, b.in, std::vector<View>{x.view, y.view});
  expect_same(x.view, b.value(early));
  expect_same(y.view, b.value(last));
}

TEST(Fused, PassesOtherTypesBetweenSteps) {
  const Shape shape = {33, 65};
  Array x(DType::kFloat32, shape), h(DType::kFloat16, shape), i(DType::kInt64, shape);
  Builder b;
  const int vx = b.input(x.fill(1).view), vh = b.input(h.fill(2).view),
            vi = b.input(i.fill(3).view);
  const int wide = b.cast(vh, DType::kFloat32), whole = b.cast(vi, DType::kFloat32);
  const int is_less = b.op("lt", {vx, wide}, DType::kBool);
  const int chosen = b.op("where", {is_less, vx, whole}, DType::kFloat32);
  const int narrow = b.cast(chosen, DType::kBFloat16), twice = b.op("add", {narrow, narrow});
  for (int v : {is_less, chosen, twice}) b.output(v);
  Array less(DType::kBool, shape), where(DType::kFloat32, shape), out(DType::kBFloat16, shape);
  run_fused(b.chain, b.in, std::vector<View>{less.view, where.view, out.view});
  expect_same(less.view, b.value(is_less));
  expect_same(where.view, b.value(chosen));
  expect_same(out.view, b.value(twice));
}

TEST(Fused, DropsTheElementsThatDropoutDrops) {
  for (DType t : {DType::kFloat32, DType::kFloat64, DType::kBFloat16}) {
    const Shape shape = {41, 30, 50};
    Array x(t, shape), bias(t, shape, {0, 0, 1}), key(DType::kInt64, {2}), out(t, shape);
    Builder b;
    const int vx = b.input(x.fill(1).view), vk = b.input(key.fill(2).view);
    const int vb = b.input(bias.fill(3).view);
    b.output(b.op("add", {b.drop(b.op("add", {vx, vb}), vk), vx}));
    run_fused(b.chain, b.in, std::vector<View>{out.view});
    expect_same(out.view, b.values.back().view);
  }
}

TEST(Fused, DropoutWantsRowMajorOrder) {
  const Shape shape = {4, 6};
  Array x(DType::kFloat32, shape, {1, 4}), key(DType::kInt64, {2}),
      out(DType::kFloat32, shape, {1, 4});
  Builder b;
  b.output(b.drop(b.input(x.view), b.input(key.view)));
  EXPECT_THROW(run_fused(b.chain, b.in, std::vector<View>{out.view}), Error);
}

// Sums of x * y over what has stride 0 in `to`, against double.
void expect_sum(const Shape& shape, const Strides& order, const Strides& to, double scale = 1) {
  Builder b;
  Array x(DType::kFloat32, shape, order), y(DType::kFloat32, shape, order),
      out(DType::kFloat32, shape, to);
  const int product = b.op("mul", {b.input(x.fill(1).view), b.input(y.fill(2).view)});
  b.output(product, Reduce::kSum, scale);
  run_fused(b.chain, b.in, std::vector<View>{out.view});
  std::vector<double> want(out.bytes.size() / sizeof(float)), most(want.size());
  for_both(b.value(product), out.view, [&](int64_t from, int64_t at) {
    want[static_cast<size_t>(at)] += scale * b.value(product).as<float>()[from];
    most[static_cast<size_t>(at)] += std::abs(scale * b.value(product).as<float>()[from]);
  });
  for (size_t k = 0; k < want.size(); ++k)
    ASSERT_NEAR(out.view.as<float>()[k], want[k], 1e-6 * most[k]) << to_text(shape) << to_text(to);
}

TEST(Fused, SumsOverAllTrailingLeadingAndOuterDimensions) {
  for (const Shape& shape :
       {Shape{3, 4, 5}, Shape{40, 30, 70}, Shape{2, 3, 9000}, Shape{9000, 1, 3}, Shape{300, 700, 1},
        Shape{1, 1, 1}, Shape{5, 2000, 2}}) {
    const Strides order = contiguous_strides(shape);
    const int64_t a = shape[1], b = shape[2];
    expect_sum(shape, order, {0, 0, 0});
    expect_sum(shape, order, {0, 0, 0}, 0.25);
    expect_sum(shape, order, {a, 1, 0});
    expect_sum(shape, order, {1, 0, 0});
    expect_sum(shape, order, {0, 0, 1});
    expect_sum(shape, order, {0, b, 1});
    expect_sum(shape, order, {0, 1, 0});
  }
  expect_sum({4, 16, 9, 8}, {1152, 1, 128, 16}, {0, 1, 0, 0});  // channels-last, a channel's sum
}

TEST(Fused, SumsNothingToZero) {
  Builder b;
  Array x(DType::kFloat32, {0, 3}), out(DType::kFloat32, {0, 3}, {0, 1});
  out.bytes.assign(12, 1);
  out.view.data = out.bytes.data();
  b.output(b.input(x.view), Reduce::kSum);
  run_fused(b.chain, b.in, std::vector<View>{out.view});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(out.view.as<float>()[i], 0.0f);
}

TEST(Fused, KnowsWhatItCanSum) {
  const Shape shape = {4, 5, 6};
  EXPECT_TRUE(can_reduce(shape, {30, 6, 1}, {0, 1, 0}));
  EXPECT_FALSE(can_reduce(shape, {30, 6, 1}, {6, 0, 1}));
  EXPECT_FALSE(can_reduce(shape, {30, 6, 1}, {0, 1, 5}));
  EXPECT_TRUE(can_reduce(shape, {30, 1, 5}, {6, 0, 1}));
  EXPECT_TRUE(can_reduce(shape, {6, 24, 1}, {6, 0, 1}));
}

TEST(Fused, GivesTheSameBitsWithAnyNumberOfThreads) {
  const Shape shape = {700, 300};
  Array x(DType::kFloat32, shape), out(DType::kFloat32, shape),
      rows(DType::kFloat32, shape, {1, 0});
  Array cols(DType::kFloat32, shape, {0, 1}), all(DType::kFloat32, shape, {0, 0});
  Builder b;
  const int t = b.op("tanh", {b.input(x.fill(1).view)});
  b.output(t);
  for (int i = 0; i < 3; ++i) b.output(t, Reduce::kSum);
  const int before = num_threads();
  std::vector<std::vector<char>> first;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    run_fused(b.chain, b.in, std::vector<View>{out.view, rows.view, cols.view, all.view});
    const std::vector<std::vector<char>> now = {out.bytes, rows.bytes, cols.bytes, all.bytes};
    if (first.empty()) first = now;
    EXPECT_EQ(first, now) << threads;
  }
  set_num_threads(before);
}

TEST(Fused, KeepsManyValuesAlive) {
  const Shape shape = {3, 4000};
  Builder b;
  std::deque<Array> inputs;
  std::vector<int> values;
  for (int i = 0; i < kMaxFusedInputs; ++i) {
    inputs.emplace_back(DType::kFloat64, shape, i % 2 ? Strides{0, 1} : Strides{1, 0});
    values.push_back(b.input(inputs.back().fill(i).view));
  }
  std::vector<int> kept;
  for (int i = 0; i < 14; ++i) kept.push_back(b.op("add", {values[i], values[i + 1]}));
  int last = kept[0];
  for (int i = 1; i < 14; ++i) last = b.op("mul", {last, kept[static_cast<size_t>(i)]});
  b.output(last);
  Array out(DType::kFloat64, shape);
  run_fused(b.chain, b.in, std::vector<View>{out.view});
  expect_same(out.view, b.value(last));
}

TEST(Fused, RefusesWhatIsTooLong) {
  Builder b;
  Array x(DType::kFloat32, {4}), out(DType::kFloat32, {4});
  int v = b.input(x.view);
  for (int i = 0; i <= kMaxFusedSteps; ++i) v = b.op("add", {v, v});
  b.output(v);
  EXPECT_THROW(run_fused(b.chain, b.in, std::vector<View>{out.view}), Error);
}

// Random chains of random layouts.
TEST(Fused, AgreesWithSingleStepsOnRandomChains) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    const Shape shape = {1 + below(9), 1 + below(40), 1 + below(60)};
    const int64_t a = shape[0], c = shape[1], d = shape[2];
    const Strides layouts[] = {{c * d, d, 1}, {c * d, 1, c}, {1, a, a * c}, {0, 0, 1},
                               {0, 1, 0},     {d, 0, 1},     {0, 0, 0},     {2 * c * d, 2 * d, 2}};
    Builder b;
    std::deque<Array> inputs, outputs;
    for (int i = 0, n = 1 + below(4); i < n; ++i)
      b.input(inputs.emplace_back(DType::kFloat32, shape, layouts[below(8)]).fill(below(99)).view);
    const int steps = 1 + below(10);
    const char* const names[] = {"add", "sub", "mul", "maximum", "tanh", "relu", "neg"};
    for (int k = 0; k < steps; ++k) {
      const int values = static_cast<int>(b.values.size()), which = below(7);
      const int p = below(values), q = below(values);
      b.op(names[which], which < 4 ? std::vector<int>{p, q} : std::vector<int>{p});
    }
    std::vector<View> out;
    const int last = static_cast<int>(b.values.size()) - 1;
    std::vector<int> wanted = {last};
    if (steps > 2) wanted.push_back(last - 2);
    for (int v : wanted) {
      b.output(v);
      const int full[] = {0, 0, 1, 2, 7};
      out.push_back(outputs.emplace_back(DType::kFloat32, shape, layouts[full[below(5)]]).view);
    }
    run_fused(b.chain, b.in, out);
    for (size_t o = 0; o < out.size(); ++o) expect_same(out[o], b.value(wanted[o]));
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace rush::kernels
