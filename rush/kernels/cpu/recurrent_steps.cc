// The element-wise arithmetic of one step of a recurrent layer, forward and backward.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/recurrent_steps.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/cpu/recurrent_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

namespace vm = kernels::HWY_NAMESPACE;

// y (1 - y): the derivative of the logistic function from its value.
template <class D, class V>
HWY_INLINE V SigmoidSlope(D, V y) {
  return hn::NegMulAdd(y, y, y);
}
// 1 - y^2: that of tanh.
template <class D, class V>
HWY_INLINE V TanhSlope(D d, V y) {
  return hn::NegMulAdd(y, y, vm::number(d, 1));
}
// p[i], plus q[i] where there is a q.
template <class D, typename T>
HWY_INLINE hn::Vec<D> SumOf(D d, const T* p, const T* q, int64_t i) {
  const auto v = hn::LoadU(d, p + i);
  return q == nullptr ? v : hn::Add(v, hn::LoadU(d, q + i));
}
template <typename T>
const T* RowOf(const T* p, int64_t at) {
  return p == nullptr ? nullptr : p + at;
}

// y = tanh(y) or max(y, 0)
template <typename T>
void Step(const RnnStep<T>& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    T* y = s.y + r * s.hidden + s.units.begin;
    ForVectors<T>(s.units.count(), [&](auto d, int64_t j) HWY_ATTR {
      const auto v = hn::LoadU(d, y + j);
      const auto relu = hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Zero(d), v);  // NaN stays
      hn::StoreU(s.relu ? relu : vm::tanh(d, v), d, y + j);
    });
  }
}

// dx = (dy + dh) (1 - y^2), or where y > 0
template <typename T>
void Step(const RnnStepGrad<T>& s) {
  ForVectors<T>(s.rows * s.hidden, [&](auto d, int64_t i) HWY_ATTR {
    const auto g = SumOf(d, s.dh, s.dy, i), y = hn::LoadU(d, s.y + i);
    const auto relu = hn::IfThenElse(hn::Gt(y, hn::Zero(d)), g, hn::Zero(d));
    hn::StoreU(s.relu ? relu : hn::Mul(g, TanhSlope(d, y)), d, s.dx + i);
  });
}

// c = f c_before + i g,  y = o tanh(c)
template <typename T>
void Step(const LstmStep<T>& s) {
  const int64_t n = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    T* kept = s.kept + r * 4 * n + s.units.begin;
    const int64_t row = r * n + s.units.begin;
    ForVectors<T>(s.units.count(), [&](auto d, int64_t j) HWY_ATTR {
      const auto in = vm::sigmoid(d, hn::LoadU(d, kept + j));
      const auto forget = vm::sigmoid(d, hn::LoadU(d, kept + n + j));
      const auto g = vm::tanh(d, hn::LoadU(d, kept + 2 * n + j));
      const auto out = vm::sigmoid(d, hn::LoadU(d, kept + 3 * n + j));
      const auto c = hn::MulAdd(forget, hn::LoadU(d, s.c_before + row + j), hn::Mul(in, g));
      hn::StoreU(in, d, kept + j);
      hn::StoreU(forget, d, kept + n + j);
      hn::StoreU(g, d, kept + 2 * n + j);
      hn::StoreU(out, d, kept + 3 * n + j);
      hn::StoreU(c, d, s.c + row + j);
      hn::StoreU(hn::Mul(out, vm::tanh(d, c)), d, s.y + row + j);
    });
  }
}

// With e = dy + dh and t = tanh(c): dc += e o (1 - t^2), and then
// dx = dc g i(1 - i), dc c_before f(1 - f), dc i (1 - g^2), e t o(1 - o),  dc_before = dc f
template <typename T>
void Step(const LstmStepGrad<T>& s) {
  const int64_t n = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* kept = s.kept + r * 4 * n;
    T* dx = s.dx + r * 4 * n;
    const int64_t row = r * n;
    const T* dy = RowOf(s.dy, row);
    ForVectors<T>(n, [&](auto d, int64_t j) HWY_ATTR {
      const auto in = hn::LoadU(d, kept + j), forget = hn::LoadU(d, kept + n + j);
      const auto g = hn::LoadU(d, kept + 2 * n + j), out = hn::LoadU(d, kept + 3 * n + j);
      const auto e = SumOf(d, s.dh + row, dy, j);
      const auto t = vm::tanh(d, hn::LoadU(d, s.c + row + j));
      const auto dc = hn::MulAdd(hn::Mul(e, out), TanhSlope(d, t), hn::LoadU(d, s.dc + row + j));
      const auto before = hn::LoadU(d, s.c_before + row + j);
      hn::StoreU(hn::Mul(hn::Mul(dc, g), SigmoidSlope(d, in)), d, dx + j);
      hn::StoreU(hn::Mul(hn::Mul(dc, before), SigmoidSlope(d, forget)), d, dx + n + j);
      hn::StoreU(hn::Mul(hn::Mul(dc, in), TanhSlope(d, g)), d, dx + 2 * n + j);
      hn::StoreU(hn::Mul(hn::Mul(e, t), SigmoidSlope(d, out)), d, dx + 3 * n + j);
      hn::StoreU(hn::Mul(dc, forget), d, s.dc + row + j);
    });
  }
}

// r = sigmoid(x_r + h_r),  z = sigmoid(x_z + h_z),  n = tanh(x_n + r h_n),  y = n + z (h - n)
template <typename T>
void Step(const GruStep<T>& s) {
  const int64_t n = s.hidden;
  for (int64_t row = 0; row < s.rows; ++row) {
    const int64_t first = s.units.begin;
    const T *x = s.x + row * 3 * n + first, *before = s.before + row * n + first;
    T *kept = s.kept + row * 4 * n + first, *y = s.y + row * n + first;
    ForVectors<T>(s.units.count(), [&](auto d, int64_t j) HWY_ATTR {
      const auto sum = [&](int64_t at) HWY_ATTR {
        return hn::Add(hn::LoadU(d, x + at + j), hn::LoadU(d, kept + at + j));
      };
      const auto r = vm::sigmoid(d, sum(0)), z = vm::sigmoid(d, sum(n));
      const auto fresh =
          vm::tanh(d, hn::MulAdd(r, hn::LoadU(d, kept + 2 * n + j), hn::LoadU(d, x + 2 * n + j)));
      hn::StoreU(r, d, kept + j);
      hn::StoreU(z, d, kept + n + j);
      hn::StoreU(fresh, d, kept + 3 * n + j);
      hn::StoreU(hn::MulAdd(z, hn::Sub(hn::LoadU(d, before + j), fresh), fresh), d, y + j);
    });
  }
}

// With e = dy + dh: dn = e (1 - z) (1 - n^2), dz = e (h - n) z(1 - z), dr = dn h_n r(1 - r);
// the products of the state get dr, dz, dn r; and e z goes past the gates.
template <typename T>
void Step(const GruStepGrad<T>& s) {
  const int64_t n = s.hidden;
  for (int64_t row = 0; row < s.rows; ++row) {
    const T *kept = s.kept + row * 4 * n, *before = s.before + row * n;
    const T* dy = RowOf(s.dy, row * n);
    T *dx = s.dx + row * 3 * n, *dg = s.dg + row * 3 * n, *dh = s.dh + row * n;
    ForVectors<T>(n, [&](auto d, int64_t j) HWY_ATTR {
      const auto r = hn::LoadU(d, kept + j), z = hn::LoadU(d, kept + n + j);
      const auto product = hn::LoadU(d, kept + 2 * n + j), fresh = hn::LoadU(d, kept + 3 * n + j);
      const auto e = SumOf(d, static_cast<const T*>(dh), dy, j), past = hn::Mul(e, z);
      const auto dn = hn::Mul(hn::Sub(e, past), TanhSlope(d, fresh));
      const auto dz =
          hn::Mul(hn::Mul(e, hn::Sub(hn::LoadU(d, before + j), fresh)), SigmoidSlope(d, z));
      const auto dr = hn::Mul(hn::Mul(dn, product), SigmoidSlope(d, r));
      hn::StoreU(dr, d, dx + j);
      hn::StoreU(dr, d, dg + j);
      hn::StoreU(dz, d, dx + n + j);
      hn::StoreU(dz, d, dg + n + j);
      hn::StoreU(dn, d, dx + 2 * n + j);
      hn::StoreU(hn::Mul(dn, r), d, dg + 2 * n + j);
      hn::StoreU(past, d, dh + j);
    });
  }
}

}  // namespace

// A type of step each: the table of targets takes plain functions.
void RnnFloat(const RnnStep<float>& s) { Step(s); }
void RnnDouble(const RnnStep<double>& s) { Step(s); }
void RnnGradFloat(const RnnStepGrad<float>& s) { Step(s); }
void RnnGradDouble(const RnnStepGrad<double>& s) { Step(s); }
void LstmFloat(const LstmStep<float>& s) { Step(s); }
void LstmDouble(const LstmStep<double>& s) { Step(s); }
void LstmGradFloat(const LstmStepGrad<float>& s) { Step(s); }
void LstmGradDouble(const LstmStepGrad<double>& s) { Step(s); }
void GruFloat(const GruStep<float>& s) { Step(s); }
void GruDouble(const GruStep<double>& s) { Step(s); }
void GruGradFloat(const GruStepGrad<float>& s) { Step(s); }
void GruGradDouble(const GruStepGrad<double>& s) { Step(s); }

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(RnnFloat);
HWY_EXPORT(RnnDouble);
HWY_EXPORT(RnnGradFloat);
HWY_EXPORT(RnnGradDouble);
HWY_EXPORT(LstmFloat);
HWY_EXPORT(LstmDouble);
HWY_EXPORT(LstmGradFloat);
HWY_EXPORT(LstmGradDouble);
HWY_EXPORT(GruFloat);
HWY_EXPORT(GruDouble);
HWY_EXPORT(GruGradFloat);
HWY_EXPORT(GruGradDouble);

void run_step(const RnnStep<float>& s) { HWY_DYNAMIC_DISPATCH(RnnFloat)(s); }
void run_step(const RnnStep<double>& s) { HWY_DYNAMIC_DISPATCH(RnnDouble)(s); }
void run_step(const RnnStepGrad<float>& s) { HWY_DYNAMIC_DISPATCH(RnnGradFloat)(s); }
void run_step(const RnnStepGrad<double>& s) { HWY_DYNAMIC_DISPATCH(RnnGradDouble)(s); }
void run_step(const LstmStep<float>& s) { HWY_DYNAMIC_DISPATCH(LstmFloat)(s); }
void run_step(const LstmStep<double>& s) { HWY_DYNAMIC_DISPATCH(LstmDouble)(s); }
void run_step(const LstmStepGrad<float>& s) { HWY_DYNAMIC_DISPATCH(LstmGradFloat)(s); }
void run_step(const LstmStepGrad<double>& s) { HWY_DYNAMIC_DISPATCH(LstmGradDouble)(s); }
void run_step(const GruStep<float>& s) { HWY_DYNAMIC_DISPATCH(GruFloat)(s); }
void run_step(const GruStep<double>& s) { HWY_DYNAMIC_DISPATCH(GruDouble)(s); }
void run_step(const GruStepGrad<float>& s) { HWY_DYNAMIC_DISPATCH(GruGradFloat)(s); }
void run_step(const GruStepGrad<double>& s) { HWY_DYNAMIC_DISPATCH(GruGradDouble)(s); }

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
