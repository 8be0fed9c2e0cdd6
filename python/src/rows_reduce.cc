// Reductions and running results.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/statistics.h"

namespace rush::python {
namespace {

using Type = std::optional<DType>;

// PyTorch keeps uint8, which was its first type of truth values.
Tensor truth(const Tensor& x, const Tensor& result) {
  return x.dtype() == DType::kUInt8 ? cast(result, DType::kUInt8) : result;
}
Tensor as_floating(const Tensor& x) {
  return is_floating(x.dtype()) ? x : cast(x, default_dtype());
}

void add_sums(const Rows& rows) {
  rows.add("sum(input, dim=None, keepdim=False, *, dtype=None)",
           [](const Tensor& x, const Axes& axes, bool keepdim, Type t) {
             return sum(x, axes, keepdim, t);
           });
  rows.add("mean(input, dim=None, keepdim=False, *, dtype=None)",
           [](const Tensor& x, const Axes& axes, bool keepdim, Type t) {
             return mean(x, axes, keepdim, t);
           });
  rows.add("prod(input, *, dtype=None)",
           [](const Tensor& x, Type t) { return prod(x, {}, false, t); });
  rows.add("prod(input, dim, keepdim=False, *, dtype=None)",
           [](const Tensor& x, int64_t axis, bool keepdim, Type t) {
             return prod(x, {axis}, keepdim, t);
           });
  rows.add("nansum(input, dim=None, keepdim=False, *, dtype=None)",
           [](const Tensor& x, const Axes& axes, bool keepdim, Type t) {
             return nansum(t ? x.to(*t) : x, axes, keepdim);
           });
  rows.add("nanmean(input, dim=None, keepdim=False, *, dtype=None)",
           [](const Tensor& x, const Axes& axes, bool keepdim, Type t) {
             return nanmean(t ? x.to(*t) : x, axes, keepdim);
           });
  rows.add("logsumexp(input, dim, keepdim=False)",
           [](const Tensor& x, const Dims& axes, bool keepdim) {
             return logsumexp(as_floating(x), axes, keepdim);
           });
  rows.add("any(input, dim=None, keepdim=False)",
           [](const Tensor& x, const Axes& axes, bool keepdim) {
             return truth(x, any(x, axes, keepdim));
           });
  rows.add("all(input, dim=None, keepdim=False)",
           [](const Tensor& x, const Axes& axes, bool keepdim) {
             return truth(x, all(x, axes, keepdim));
           });
  rows.add("count_nonzero(input, dim=None)",
           [](const Tensor& x, const Axes& axes) { return count_nonzero(x, axes); });
}

void add_extremes(const Rows& rows) {
  static const NamedTuple kMax("max", {"values", "indices"}), kMin("min", {"values", "indices"}),
      kAminmax("aminmax", {"min", "max"});
  rows.add("max(input)", [](const Tensor& x) { return max(x); });
  rows.add("max(input, other)", [](const Tensor& x, const Tensor& y) { return maximum(x, y); });
  rows.add("max(input, dim, keepdim=False)", [](const Tensor& x, int64_t axis, bool keepdim) {
    const auto [values, indices] = max(x, axis, keepdim);
    return kMax({values, indices});
  });
  rows.add("min(input)", [](const Tensor& x) { return min(x); });
  rows.add("min(input, other)", [](const Tensor& x, const Tensor& y) { return minimum(x, y); });
  rows.add("min(input, dim, keepdim=False)", [](const Tensor& x, int64_t axis, bool keepdim) {
    const auto [values, indices] = min(x, axis, keepdim);
    return kMin({values, indices});
  });
  rows.add("amax(input, dim=(), keepdim=False)",
           [](const Tensor& x, const Axes& axes, bool keepdim) { return amax(x, axes, keepdim); });
  rows.add("amin(input, dim=(), keepdim=False)",
           [](const Tensor& x, const Axes& axes, bool keepdim) { return amin(x, axes, keepdim); });
  rows.add("argmax(input, dim=None, keepdim=False)",
           [](const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
             return argmax(x, axis, keepdim);
           });
  rows.add("argmin(input, dim=None, keepdim=False)",
           [](const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
             return argmin(x, axis, keepdim);
           });
  rows.add("aminmax(input, *, dim=None, keepdim=False)",
           [](const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
             const auto [least, most] = aminmax(x, axis, keepdim);
             return kAminmax({least, most});
           });
}

// The four forms of std, var, std_mean and var_mean: correction wins over unbiased.
template <typename F>
void add_spread(const Rows& rows, const std::string& name, F) {
  rows.add((name + "(input, dim=None, *, correction=1, keepdim=False)").c_str(),
           [](const Tensor& x, const Axes& axes, std::optional<double> correction, bool keepdim) {
             return F{}(x, axes, correction.value_or(1), keepdim);
           });
  rows.add((name + "(input, dim, unbiased=True, keepdim=False)").c_str(),
           [](const Tensor& x, const Axes& axes, bool unbiased, bool keepdim) {
             return F{}(x, axes, unbiased ? 1.0 : 0.0, keepdim);
           });
  rows.add((name + "(input, unbiased)").c_str(), [](const Tensor& x, bool unbiased) {
    return F{}(x, Axes(), unbiased ? 1.0 : 0.0, false);
  });
}

void add_spreads(const Rows& rows) {
  add_spread(rows, "var", [](const Tensor& x, const Dims& axes, double correction, bool keepdim) {
    return var(x, axes, correction, keepdim);
  });
  add_spread(rows, "std", [](const Tensor& x, const Dims& axes, double correction, bool keepdim) {
    return std_dev(x, axes, correction, keepdim);
  });
  const Rows functions("torch");
  add_spread(functions, "var_mean",
             [](const Tensor& x, const Dims& axes, double correction, bool keepdim) {
               const auto [variance, middle] = var_mean(x, axes, correction, keepdim);
               return std::tuple(variance, middle);
             });
  add_spread(functions, "std_mean",
             [](const Tensor& x, const Dims& axes, double correction, bool keepdim) {
               return std::tuple(std_dev(x, axes, correction, keepdim), mean(x, axes, keepdim));
             });
}

// p: a number, None or "fro", which is 2.
double norm_power(const Any& p) {
  double number = 2;
  std::string name;
  if (p.object == Py_None || From<double>::load(p.object, number)) return number;
  if (From<std::string>::load(p.object, name) && name == "fro") return 2;
  fail("norm: p is a number, an infinity or 'fro'");
}

void add_norms(const Rows& rows) {
  rows.add("norm(input, p='fro', dim=None, keepdim=False, dtype=None)",
           [](const Tensor& x, const Any& p, const Axes& axes, bool keepdim, Type t) {
             return norm(t ? x.to(*t) : x, norm_power(p), axes, keepdim);
           });
  rows.add(
      "dist(input, other, p=2)",
      [](const Tensor& x, const Tensor& y, double p) { return norm(sub(x, y), p); }, 0,
      "The norm of the difference.");
}

void add_running(const Rows& rows) {
  static const NamedTuple kCummax("cummax", {"values", "indices"}),
      kCummin("cummin", {"values", "indices"});
  rows.add(
      "cumsum(input, dim, *, dtype=None)",
      [](const Tensor& x, int64_t axis, Type t) { return cumsum(x, axis, t); }, kInPlace);
  rows.add(
      "cumprod(input, dim, *, dtype=None)",
      [](const Tensor& x, int64_t axis, Type t) { return cumprod(x, axis, t); }, kInPlace);
  rows.add("logcumsumexp(input, dim)",
           [](const Tensor& x, int64_t axis) { return logcumsumexp(x, axis); });
  rows.add("cummax(input, dim)", [](const Tensor& x, int64_t axis) {
    const auto [values, indices] = cummax(x, axis);
    return kCummax({values, indices});
  });
  rows.add("cummin(input, dim)", [](const Tensor& x, int64_t axis) {
    const auto [values, indices] = cummin(x, axis);
    return kCummin({values, indices});
  });
  rows.add(
      "sum_to_size(input, *size)",
      [](const Tensor& x, const Dims& size) { return sum_to(x, Shape(size)); }, kMethodOnly,
      "Summed over the axes that `size` lacks or has 1 for.");
}

}  // namespace

void add_reduce_rows() {
  const Rows rows("torch");
  add_sums(rows);
  add_extremes(rows);
  add_spreads(rows);
  add_norms(rows);
  add_running(rows);
}

}  // namespace rush::python
