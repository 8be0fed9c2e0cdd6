// Rows of the rarer functions, computed in double one element after another.
#include <math.h>  // j0 and its kin are not in <cmath>

#include <cmath>
#include <numeric>

#include "rush/kernels/cpu/families.h"
#include "rush/kernels/cpu/plain_rows.h"
#include "rush/kernels/special.h"

namespace rush::kernels {
namespace {

constexpr int kSpecialCost = 64;

// A function on doubles as a functor on T.
template <double (*f)(double)>
struct One {
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(f(static_cast<double>(x)));
  }
};
template <double (*f)(double, double)>
struct Two {
  template <typename T>
  T operator()(T x, T y) const {
    return static_cast<T>(f(static_cast<double>(x), static_cast<double>(y)));
  }
};

double i0(double x) { return bessel_i(0, x, false); }
double i0e(double x) { return bessel_i(0, x, true); }
double i1(double x) { return bessel_i(1, x, false); }
double i1e(double x) { return bessel_i(1, x, true); }
double j0_of(double x) { return ::j0(x); }
double j1_of(double x) { return ::j1(x); }
double y0_of(double x) { return x < 0 ? NAN : ::y0(x); }
double y1_of(double x) { return x < 0 ? NAN : ::y1(x); }
double xlog1py(double x, double y) {
  if (y != y) return y;
  return x == 0 ? 0 : x * std::log1p(y);
}

struct Heaviside {
  template <typename T>
  T operator()(T x, T y) const {
    if (x == T(0)) return y;
    return T(x > T(0));
  }
};
struct Nextafter {
  template <typename T>
  T operator()(T x, T y) const {
    return std::nextafter(x, y);
  }
};
// Sizes as unsigned numbers: that of the least integer has no positive twin.
struct Gcd {
  template <typename T>
  T operator()(T x, T y) const {
    return static_cast<T>(of(size(x), size(y)));
  }
  static uint64_t size(int64_t v) {
    return v < 0 ? -static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  }
  static uint64_t of(uint64_t a, uint64_t b) { return std::gcd(a, b); }
};
struct Lcm {
  template <typename T>
  T operator()(T x, T y) const {
    const uint64_t a = Gcd::size(x), b = Gcd::size(y), g = Gcd::of(a, b);
    return g == 0 ? T(0) : static_cast<T>(a / g * b);
  }
};

template <double (*f)(double)>
void add_one(Table& t, const char* name) {
  add_plain_float_rows<One<f>, 1>(t.add(name), kSpecialCost);
}
template <double (*f)(double, double)>
void add_two(Table& t, const char* name) {
  add_plain_float_rows<Two<f>, 2>(t.add(name), kSpecialCost);
}

}  // namespace

void cpu::register_special(Table& t) {
  add_one<i0>(t, "i0");
  add_one<i0e>(t, "i0e");
  add_one<i1>(t, "i1");
  add_one<i1e>(t, "i1e");
  add_one<j0_of>(t, "bessel_j0");
  add_one<j1_of>(t, "bessel_j1");
  add_one<y0_of>(t, "bessel_y0");
  add_one<y1_of>(t, "bessel_y1");
  add_one<erfcx>(t, "erfcx");
  add_one<ndtri>(t, "ndtri");
  add_one<log_ndtr>(t, "log_ndtr");
  add_two<zeta>(t, "zeta");
  add_two<xlog1py>(t, "xlog1py");
  add_two<gammainc>(t, "gammainc");
  add_two<gammaincc>(t, "gammaincc");
  add_two<poisson_quantile>(t, "poisson_quantile");
  add_plain_rows<Nextafter, 2>(t.add("nextafter"), TypeList<float, double>());
  Entry& heaviside = t.add("heaviside");
  add_plain_float_rows<Heaviside, 2>(heaviside);
  add_plain_rows<Heaviside, 2>(heaviside, IntegerTypes());
  add_plain_rows<Heaviside, 2>(heaviside, BoolTypes());
  add_plain_rows<Gcd, 2>(t.add("gcd"), IntegerTypes());
  add_plain_rows<Lcm, 2>(t.add("lcm"), IntegerTypes());
}

}  // namespace rush::kernels
