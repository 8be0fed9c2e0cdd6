// Random tensors, and methods that fill with random numbers. For the same seed the numbers are
// those of PyTorch's CPU generator.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

using Type = std::optional<DType>;

void add_draws(const Rows& rows) {
  rows.add(
      "rand(*size, generator=None, dtype=None)",
      [](const Dims& s, Generator* g, Type t) {
        return g ? uniform_(empty(s, t), 0, 1, g) : rand(s, t);
      },
      kFactory, "Uniform in [0, 1).");
  rows.add(
      "randn(*size, generator=None, dtype=None)",
      [](const Dims& s, Generator* g, Type t) {
        return g ? normal_(empty(s, t), 0, 1, g) : randn(s, t);
      },
      kFactory, "Normal: mean 0, deviation 1.");
  const auto integers = [](int64_t low, int64_t high, const Dims& s, Generator* g, Type t) {
    const DType type = t.value_or(int64);
    return g ? random_(empty(s, type), low, high, g) : randint(low, high, s, type);
  };
  rows.add("randint(low, high, size, *, generator=None, dtype=None)", integers, kFactory,
           "Whole numbers, equally likely in [low, high).");
  rows.add(
      "randint(high, size, *, generator=None, dtype=None)",
      [](int64_t high, const Dims& s, Generator* g, Type t) {
        return decltype(integers){}(0, high, s, g, t);
      },
      kFactory);
  rows.add(
      "randperm(n, *, generator=None, dtype=int)",
      [](int64_t n, Generator* g, DType t) { return randperm(n, t, g); }, kFactory,
      "The numbers below n in random order.");
}

void add_like(const Rows& rows) {
  constexpr unsigned kFlags = kFactory | kFunctionOnly;
  rows.add(
      "rand_like(input, *, dtype=None)", [](const Tensor& x, Type t) { return rand_like(x, t); },
      kFlags, "Uniform in [0, 1), in input's shape.");
  rows.add(
      "randn_like(input, *, dtype=None)", [](const Tensor& x, Type t) { return randn_like(x, t); },
      kFlags, "Normal numbers in input's shape.");
  rows.add(
      "randint_like(input, high, *, dtype=None)",
      [](const Tensor& x, int64_t high, Type t) { return randint_like(x, 0, high, t); }, kFlags,
      "Whole numbers in [low, high), in input's shape.");
  rows.add(
      "randint_like(input, low, high, *, dtype=None)",
      [](const Tensor& x, int64_t low, int64_t high, Type t) {
        return randint_like(x, low, high, t);
      },
      kFlags);
}

// Numbers of the normal distribution with a mean and a deviation of its own for each element.
Tensor normal_around(const Tensor& mean, const Tensor& std, Generator* g) {
  const Shape shape = broadcast_shapes("normal", mean.shape(), std.shape());
  const DType t = promote(mean.is_weak() ? std.dtype() : mean.dtype(),
                          std.is_weak() ? mean.dtype() : std.dtype());
  return add(mul(normal_(empty(shape, t), 0, 1, g), std.detach()), mean.detach());
}

void add_distributions(const Rows& rows) {
  rows.add(
      "normal(mean, std, *, generator=None)",
      [](const Tensor& m, const Operand& s, Generator* g) { return normal_around(m, s, g); }, 0,
      "Normal numbers, each with its own mean and deviation.");
  rows.add("normal(mean, *, generator=None)",
           [](const Tensor& m, Generator* g) { return normal_around(m, Tensor(1.0), g); });
  rows.add("normal(mean, std, *, generator=None)",
           [](double m, const Tensor& s, Generator* g) { return normal_around(m, s, g); });
  rows.add(
      "normal(mean, std, size, *, generator=None, dtype=None)",
      [](double mean, double std, const Dims& s, Generator* g, Type t) {
        return normal_(empty(s, t), mean, std, g);
      },
      kFactory);
  rows.add("bernoulli(input, *, generator=None)",
           [](const Tensor& p, Generator* g) { return bernoulli(p, g); });
  rows.add("bernoulli(input, p, *, generator=None)",
           [](const Tensor& x, double p, Generator* g) { return bernoulli_(empty_like(x), p, g); });
  rows.add(
      "multinomial(input, num_samples, replacement=False, *, generator=None)",
      [](const Tensor& p, int64_t n, bool replacement, Generator* g) {
        return multinomial(p, n, replacement, g);
      },
      0, "Categories drawn with probabilities in the proportions of input.");
  rows.add(
      "poisson(input, generator=None)",
      [](const Tensor& rate, Generator* g) { return poisson(rate, g); }, kFunctionOnly,
      "How many events happen where `input` are expected.");
  rows.add(
      "dropout(input, p, train)",
      [](const Tensor& x, double p, bool train) { return dropout(x, p, train); },
      kFunctionOnly | kInPlace);
}

void add_fills(const Rows& rows) {
  rows.add(
      "uniform_(self, from=0.0, to=1.0, *, generator=None)",
      [](const Self& x, double from, double to, Generator* g) {
        uniform_(*x, from, to, g);
        return x;
      },
      0, "Fills with numbers equally likely in [from, to).");
  rows.add(
      "normal_(self, mean=0.0, std=1.0, *, generator=None)",
      [](const Self& x, double mean, double std, Generator* g) {
        normal_(*x, mean, std, g);
        return x;
      },
      0, "Fills with normal numbers.");
  rows.add(
      "bernoulli_(self, p=0.5, *, generator=None)",
      [](const Self& x, double p, Generator* g) {
        bernoulli_(*x, p, g);
        return x;
      },
      0, "Fills with 1 of probability p, else 0.");
  rows.add("bernoulli_(self, p, *, generator=None)",
           [](const Self& x, const Tensor& p, Generator* g) {
             x->copy_(bernoulli(expand(p, x->shape()), g));
             return x;
           });
  rows.add(
      "random_(self, from, to, *, generator=None)",
      [](const Self& x, int64_t from, std::optional<int64_t> to, Generator* g) {
        random_(*x, from, to, g);
        return x;
      },
      0, "Fills with whole numbers in [from, to).");
  rows.add("random_(self, to, *, generator=None)", [](const Self& x, int64_t to, Generator* g) {
    random_(*x, 0, to, g);
    return x;
  });
  rows.add("random_(self, *, generator=None)", [](const Self& x, Generator* g) {
    random_(*x, 0, {}, g);
    return x;
  });
}

void add_more_fills(const Rows& rows) {
  rows.add(
      "exponential_(self, lambd=1.0, *, generator=None)",
      [](const Self& x, double lambd, Generator* g) {
        x->copy_(exponential_like(*x, lambd, g));
        return x;
      },
      0, "Fills with waiting times: exponentially distributed numbers.");
  rows.add(
      "geometric_(self, p, *, generator=None)",
      [](const Self& x, double p, Generator* g) {
        x->copy_(geometric_like(*x, p, g));
        return x;
      },
      0, "Fills with how many tries it takes to succeed with probability p.");
  rows.add(
      "cauchy_(self, median=0.0, sigma=1.0, *, generator=None)",
      [](const Self& x, double median, double sigma, Generator* g) {
        x->copy_(cauchy_like(*x, median, sigma, g));
        return x;
      },
      0, "Fills with numbers of the Cauchy distribution.");
  rows.add(
      "log_normal_(self, mean=1.0, std=2.0, *, generator=None)",
      [](const Self& x, double mean, double std, Generator* g) {
        // One by one in float64, which a tensor with gaps asks for.
        const Tensor drawn = select(empty({x->numel(), 2}, float64), 1, 0);
        x->copy_(reshape(exp(normal_(drawn, mean, std, g)), x->shape()));
        return x;
      },
      0, "Fills with numbers whose logarithms are normal.");
}

}  // namespace

void add_random_rows() {
  const Rows rows("torch");
  add_draws(rows);
  add_like(rows);
  add_distributions(rows);
  add_fills(Rows("tensor"));
  add_more_fills(Rows("tensor"));
}

}  // namespace rush::python
