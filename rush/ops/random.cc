#include "rush/ops/random.h"

#include <limits>

#include "rush/core/apply.h"
#include "rush/core/cost.h"
#include "rush/core/node.h"
#include "rush/kernels/attrs/random.h"
#include "rush/kernels/random.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/profile/span.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

template <typename A>
void result_of_attrs(InferCall& c) {
  const auto& a = c.attributes<A>();
  checked_numel(a.shape, size_of(a.dtype), c.op);
  c.result(a.shape, a.dtype);
}

const Op& kUniform = Define("uniform", "Random numbers, equally likely in [low, high).")
                         .args({})
                         .attrs<UniformAttrs>()
                         .random()
                         .shape(result_of_attrs<UniformAttrs>);
const Op& kNormal = Define("normal", "Random numbers of the normal distribution.")
                        .args({})
                        .attrs<NormalAttrs>()
                        .random()
                        .shape(result_of_attrs<NormalAttrs>);
const Op& kRandint = Define("randint", "Random whole numbers, equally likely in [low, high).")
                         .args({})
                         .attrs<RandintAttrs>()
                         .random()
                         .shape(result_of_attrs<RandintAttrs>);
const Op& kRandperm = Define("randperm", "The numbers below n in random order.")
                          .args({})
                          .attrs<RandpermAttrs>()
                          .random()
                          .shape([](InferCall& c) {
                            const auto& a = c.attributes<RandpermAttrs>();
                            checked_numel({a.n}, size_of(a.dtype), c.op);
                            c.result({a.n}, a.dtype);
                          });
const Op& kBernoulli = Define("bernoulli", "1 with probability p, else 0.")
                           .args({"p"})
                           .random()
                           .floating_only()
                           .shape([](InferCall& c) {
                             if (!is_floating(c.dtype(0)))
                               fail<TypeError>("bernoulli: p must be floating; got ", c.dtype(0));
                             c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
                           })
                           .grad([](Dy dy) { return zeros_like(dy); });

// Dropout in two: an op that draws where in the counter-based stream a mask of x's size starts, and
// one that is a function of x and that key. So the mask is never stored, the gradient is dropout
// with the same key, and a graph that runs again draws again.
const Op& kRandomKey =
    Define("random_key", "Where in the random stream the numbers for a tensor of x's size start.")
        .args({"x"})
        .random()
        .shape([](InferCall& c) { c.result({2}, DType::kInt64); });

Tensor drop(const Tensor& x, const Tensor& key, const DropoutAttrs& attrs);

const Op& kDropout =
    Define("dropout", "0 with probability p, else x / (1 - p).")
        .args({"x", "key"})
        .attrs<DropoutAttrs>()
        .floating_only()
        .shape([](InferCall& c) {
          if (!is_floating(c.dtype(0)))
            fail<TypeError>("dropout: x must be floating; got ", c.dtype(0));
          c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
        })
        .grad([](Dy dy, X<1> key, const DropoutAttrs& a) { return drop(dy, key, a); })
        .grad(nullptr);

Tensor drop(const Tensor& x, const Tensor& key, const DropoutAttrs& attrs) {
  return apply(kDropout, {x, key}, attrs);
}

// What the integers of a type can hold exactly.
void check_range(const char* op, int64_t low, int64_t high, DType t) {
  if (low >= high) fail(op, ": low must be below high; got ", low, " and ", high);
  int64_t first = std::numeric_limits<int64_t>::min(), last = std::numeric_limits<int64_t>::max();
  dispatch(t, [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      first = static_cast<int64_t>(std::numeric_limits<T>::min());
      last = static_cast<int64_t>(std::numeric_limits<T>::max());
    }
  });
  if (low < first || high - 1 > last)
    fail(op, ": ", t, " cannot hold all of [", low, ", ", high, ")");
}
// The first whole number that a dtype cannot hold exactly. Of int64 it is 2^63, which is meant
// modulo 2^64.
int64_t past_largest(DType t) {
  return dispatch(t, []<typename T>() -> int64_t {
    if constexpr (std::is_same_v<T, Float16>)
      return (1 << 11) + 1;
    else if constexpr (std::is_same_v<T, BFloat16>)
      return (1 << 8) + 1;
    else if constexpr (std::is_same_v<T, float>)
      return (1 << 24) + 1;
    else if constexpr (std::is_same_v<T, double>)
      return (int64_t{1} << 53) + 1;
    else if constexpr (std::is_same_v<T, int64_t>)
      return std::numeric_limits<int64_t>::min();
    else
      return int64_t{std::numeric_limits<T>::max()} + 1;
  });
}
void check_floating(const char* op, DType t) {
  if (!is_floating(t)) fail<TypeError>(op, ": wants a floating dtype; got ", t);
}
void check_probability(const char* op, double p) {
  if (!(p >= 0 && p <= 1)) fail(op, ": a probability is in [0, 1]; got ", p);
}

// Overwrites x by fill(view, generator).
template <typename F>
const Tensor& overwrite(const char* op, const Tensor& x, Generator* generator, F&& fill) {
  check_in_place(op, x, grad_enabled());
  detail::ProfileSpan span(op, ProfileKind::kOp);
  if (span) [[unlikely]]
    span.set_cost(bytes_touched(x.dtype(), x.shape(), x.strides()), 0);
  fill(x.view_of(), generator ? *generator : default_generator());
  x.storage()->bump_version(op);
  if (grad_enabled() && is_recorded(x)) rewire(x, Edge());
  return x;
}
void refuse_generator(const char* name) {
  t_observer->refuse(name,
                     "it draws from a generator of its own; let it draw from the default one");
}
// Tells a trace that `x` was overwritten with what `op` gives.
void report_fill(const char* name, const Op& op, const Tensor& x, AttrRef attrs,
                 const Generator* generator, const Tensor* p = nullptr) {
  if (!t_observer) return;
  if (generator) refuse_generator(name);
  const Tensor* out = &x;
  t_observer->overwrites(x);
  t_observer->called(op, x.dtype(), {&p, p ? size_t{1} : size_t{0}}, {&out, 1}, attrs);
}

}  // namespace

Tensor rand(const Shape& shape, std::optional<DType> dtype) {
  const DType t = dtype.value_or(default_dtype());
  check_floating("rand", t);
  return apply(kUniform, std::span<const Arg>(), UniformAttrs{shape, 0, 1, t});
}
Tensor randn(const Shape& shape, std::optional<DType> dtype) {
  const DType t = dtype.value_or(default_dtype());
  check_floating("randn", t);
  return apply(kNormal, std::span<const Arg>(), NormalAttrs{shape, 0, 1, t});
}
Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype) {
  check_range("randint", low, high, dtype);
  return apply(kRandint, std::span<const Arg>(), RandintAttrs{low, high, shape, dtype});
}
Tensor randint(int64_t high, const Shape& shape, DType dtype) {
  return randint(0, high, shape, dtype);
}
Tensor randperm(int64_t n, DType dtype, Generator* generator) {
  if (n > 0) check_range("randperm", 0, n, dtype);
  if (!generator) return apply(kRandperm, std::span<const Arg>(), RandpermAttrs{n, dtype});
  if (t_observer) refuse_generator("randperm");
  const Tensor order = empty({n}, dtype);
  return overwrite("randperm", order, generator, kernels::fill_permutation);
}
Tensor rand_like(const Tensor& x, std::optional<DType> dtype) {
  return rand(x.shape(), dtype.value_or(x.dtype()));
}
Tensor randn_like(const Tensor& x, std::optional<DType> dtype) {
  return randn(x.shape(), dtype.value_or(x.dtype()));
}
Tensor bernoulli(const Tensor& p, Generator* generator) {
  if (!generator) return apply(kBernoulli, {p});
  if (t_observer) refuse_generator("bernoulli");
  const Tensor drawn = empty(p.shape(), p.dtype());
  return overwrite("bernoulli", drawn, generator, [&](const kernels::View& view, Generator& g) {
    kernels::fill_bernoulli(view, p.view_of(), g);
  });
}

const Tensor& uniform_(const Tensor& x, double low, double high, Generator* generator) {
  check_floating("uniform_", x.dtype());
  if (!(low <= high)) fail("uniform_: low must not be above high; got ", low, " and ", high);
  overwrite("uniform_", x, generator, [&](const kernels::View& view, Generator& g) {
    kernels::fill_uniform(view, low, high, g);
  });
  report_fill("uniform_", kUniform, x, UniformAttrs{x.shape(), low, high, x.dtype()}, generator);
  return x;
}
const Tensor& normal_(const Tensor& x, double mean, double std, Generator* generator) {
  check_floating("normal_", x.dtype());
  if (!(std >= 0)) fail("normal_: std must not be negative; got ", std);
  overwrite("normal_", x, generator, [&](const kernels::View& view, Generator& g) {
    kernels::fill_normal(view, mean, std, g);
  });
  report_fill("normal_", kNormal, x, NormalAttrs{x.shape(), mean, std, x.dtype()}, generator);
  return x;
}
const Tensor& random_(const Tensor& x, int64_t low, std::optional<int64_t> high,
                      Generator* generator) {
  if (high) check_range("random_", low, *high, x.dtype());
  const int64_t end = high.value_or(past_largest(x.dtype()));
  overwrite("random_", x, generator, [&](const kernels::View& view, Generator& g) {
    kernels::fill_integers(view, low, end, g);
  });
  report_fill("random_", kRandint, x, RandintAttrs{low, end, x.shape(), x.dtype()}, generator);
  return x;
}
const Tensor& bernoulli_(const Tensor& x, double p, Generator* generator) {
  check_probability("bernoulli_", p);
  overwrite("bernoulli_", x, generator, [&](const kernels::View& view, Generator& g) {
    const kernels::View same{&p, DType::kFloat64, view.shape, Dims::filled(view.shape.size(), 0)};
    kernels::fill_bernoulli(view, same, g);
  });
  if (t_observer) {
    const Tensor everywhere = expand(Tensor::scalar(p, DType::kFloat64), x.shape());
    report_fill("bernoulli_", kBernoulli, x, AttrRef(), generator, &everywhere);
  }
  return x;
}

Tensor dropout(const Tensor& x, double p, bool training) {
  check_probability("dropout", p);
  if (!training || p == 0) return x;
  if (p == 1) return x * 0.0;
  return drop(x, apply(kRandomKey, {x}), DropoutAttrs{p});
}

}  // namespace rush
