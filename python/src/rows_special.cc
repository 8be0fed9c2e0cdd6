// torch.special: the element-wise functions from their records, and those that go by two names.
#include "function.h"
#include "rows.h"
#include "rush/ops/softmax.h"
#include "rush/ops/special.h"

namespace rush::python {
namespace {

struct Name {
  const char* name;
  const char* op;
};
constexpr Name kUnary[] = {{"bessel_j0", "bessel_j0"},
                           {"bessel_j1", "bessel_j1"},
                           {"bessel_y0", "bessel_y0"},
                           {"bessel_y1", "bessel_y1"},
                           {"digamma", "digamma"},
                           {"erf", "erf"},
                           {"erfc", "erfc"},
                           {"erfcx", "erfcx"},
                           {"erfinv", "erfinv"},
                           {"exp2", "exp2"},
                           {"expit", "sigmoid"},
                           {"expm1", "expm1"},
                           {"gammaln", "lgamma"},
                           {"i0", "i0"},
                           {"i0e", "i0e"},
                           {"i1", "i1"},
                           {"i1e", "i1e"},
                           {"log1p", "log1p"},
                           {"log_ndtr", "log_ndtr"},
                           {"ndtri", "ndtri"},
                           {"psi", "digamma"},
                           {"round", "round"},
                           {"sinc", "sinc"}};

void add_from_records(const Rows& rows) {
  for (const Name& n : kUnary) rows.add_op(std::string(n.name) + "(input)", *find_op(n.op));
  rows.add_op("xlogy(input, other)", *find_op("xlogy"), kNumbersFirst);
  rows.add_op("xlog1py(input, other)", *find_op("xlog1py"), kNumbersFirst);
  rows.add_op("zeta(input, other)", *find_op("zeta"), kNumbersFirst);
  rows.add_op("gammainc(input, other)", *find_op("gammainc"), kTensorsOnly);
  rows.add_op("gammaincc(input, other)", *find_op("gammaincc"), kTensorsOnly);
}

void add_formulas(const Rows& rows) {
  rows.add(
      "entr(input)", [](const Tensor& x) { return entr(x); }, 0,
      "-x log(x); 0 at 0, -infinity below.");
  rows.add(
      "ndtr(input)", [](const Tensor& x) { return ndtr(x); }, 0,
      "The share of the normal distribution below x.");
  rows.add("logit(input, eps=None)",
           [](const Tensor& x, std::optional<double> eps) { return logit(x, eps); });
  rows.add("round(input, *, decimals)", [](const Tensor& x, int64_t n) { return round_to(x, n); });
  rows.add("polygamma(n, input)", [](int64_t n, const Tensor& x) { return polygamma(n, x); });
  rows.add(
      "multigammaln(input, p)", [](const Tensor& x, int64_t p) { return multigammaln(x, p); }, 0,
      "The logarithm of the p-dimensional gamma function.");
  rows.add(
      "logsumexp(input, dim, keepdim=False)",
      [](const Tensor& x, const Dims& axes, bool keepdim) { return logsumexp(x, axes, keepdim); });
  using Type = std::optional<DType>;
  rows.add("softmax(input, dim, *, dtype=None)",
           [](const Tensor& x, int64_t axis, Type t) { return softmax(t ? x.to(*t) : x, axis); });
  rows.add("log_softmax(input, dim, *, dtype=None)", [](const Tensor& x, int64_t axis, Type t) {
    return log_softmax(t ? x.to(*t) : x, axis);
  });
}

}  // namespace

void add_special_rows() {
  const Rows rows("special");
  add_from_records(rows);
  add_formulas(rows);
}

}  // namespace rush::python
