// conv, conv_dx and conv_dw: brings operands into the layouts the kernels work in (activations
// channels-last, weights contiguous, half widths as float where the processor lacks them), then
// leaves the work to oneDNN or to the portable kernels.
#include <algorithm>
#include <cstring>

#include "rush/kernels/cpu/conv_geometry.h"
#include "rush/kernels/cpu/strided_copy.h"
#include "rush/kernels/cpu/winograd.h"
#include "rush/kernels/kernel.h"
#if RUSH_WITH_ONEDNN
#include "rush/kernels/cpu/onednn/conv.h"
#include "rush/kernels/cpu/onednn/matmul.h"
#endif

namespace rush::kernels::cpu {
namespace {

// Dense strides for an operand, in the order of the axes that kernels want.
View wanted(const View& v, DType dtype, bool channels_last) {
  View out = dense_view(nullptr, dtype, v.shape);
  if (!channels_last) return out;
  int64_t step = std::max<int64_t>(v.shape[1], 1);
  for (int d = v.shape.size() - 1; d >= 2; --d) {
    out.strides[d] = step;
    step *= std::max<int64_t>(v.shape[d], 1);
  }
  out.strides[0] = step;
  out.strides[1] = 1;
  return out;
}

bool same_layout(const View& a, const View& b) {
  if (a.dtype != b.dtype) return false;
  for (int d = 0; d < a.shape.size(); ++d)
    if (a.shape[d] != 1 && a.strides[d] != b.strides[d]) return false;
  return true;
}

// An operand in the wanted form: itself if it has it, else a copy.
class Formed {
 public:
  enum Kind { kActivation, kWeight };
  enum Use { kRead, kWrite };
  Formed(const View& v, DType dtype, Kind kind, Use use)
      : user_(v), use_(use), view_(v.data ? wanted(v, dtype, kind == kActivation) : v) {
    is_copy_ = v.data && !same_layout(v, view_);
    if (!is_copy_) {
      view_.data = v.data;
      return;
    }
    memory_ = allocate(static_cast<size_t>(v.numel()) * size_of(dtype), &capacity_);
    view_.data = memory_;
    if (use == kRead) strided_copy(v, view_);
  }
  ~Formed() {
    if (is_copy_) deallocate(memory_, capacity_);
  }
  Formed(const Formed&) = delete;
  Formed& operator=(const Formed&) = delete;
  void* data() const { return view_.data; }
  template <typename T>
  T* as() const {
    return view_.as<T>();
  }
  void write_back() const {
    if (is_copy_) strided_copy(view_, user_);
  }

 private:
  View user_;
  Use use_;
  View view_;
  bool is_copy_ = false;
  void* memory_ = nullptr;
  size_t capacity_ = 0;
};

// The type a convolution computes in.
DType computing(DType t) {
  if (!is_half(t)) return t;
#if RUSH_WITH_ONEDNN
  if (t == DType::kBFloat16 && onednn::has_bfloat16()) return t;
#endif
  return DType::kFloat32;
}

void fill_zero(const View& v) {
  // The output is dense, in whatever order: its elements fill one block.
  std::memset(v.data, 0, static_cast<size_t>(v.numel()) * size_of(v.dtype));
}

using Pass = int;
constexpr Pass kForward = 0, kDataGradient = 1, kWeightGradient = 2;

template <typename T>
void run_portable(Pass pass, const ConvGeometry& g, const Formed& x, const Formed& w,
                  const Formed& bias, const Formed& y) {
  if (pass == kForward)
    conv_portable<T>(g, x.as<T>(), w.as<T>(), bias.as<T>(), y.as<T>());
  else if (pass == kDataGradient)
    conv_dx_portable<T>(g, y.as<T>(), w.as<T>(), x.as<T>());
  else
    conv_dw_portable<T>(g, y.as<T>(), x.as<T>(), w.as<T>());
}

void run_winograd(Pass pass, const ConvGeometry& g, const Formed& x, const Formed& w,
                  const Formed& bias, const Formed& y) {
  if (pass == kForward)
    conv_winograd(g, x.as<float>(), w.as<float>(), bias.as<float>(), y.as<float>());
  else if (pass == kDataGradient)
    conv_dx_winograd(g, y.as<float>(), w.as<float>(), x.as<float>());
  else
    conv_dw_winograd(g, y.as<float>(), x.as<float>(), w.as<float>());
}

// False: not by this type.
bool run_as(DType dtype, Pass pass, const ConvAttrs& attrs, const View& x, const View& w,
            const View& bias, const View& y) {
  const auto use = [&](Pass writer) { return pass == writer ? Formed::kWrite : Formed::kRead; };
  const Formed fx(x, dtype, Formed::kActivation, use(kDataGradient));
  const Formed fw(w, dtype, Formed::kWeight, use(kWeightGradient));
  const Formed fb(bias, dtype, Formed::kWeight, Formed::kRead);
  const Formed fy(y, dtype, Formed::kActivation, use(kForward));
  const ConvGeometry g = ConvGeometry::of(x, w, y, attrs);
  bool done = dtype == DType::kFloat32 && winograd_pays(g, pass == kWeightGradient);
  if (done) run_winograd(pass, g, fx, fw, fb, fy);
#if RUSH_WITH_ONEDNN
  // oneDNN fills few channels up to 16 in the data gradient; ours was measured 2 to 4 times as
  // fast.
  const bool is_few = g.c == 1 || (g.c <= 4 && g.stride[2] > 1);
  const bool is_thin = pass == kDataGradient && dtype == DType::kFloat32 && is_few && g.n > 1;
  const bool is_trivial = g.c == 0 || g.kernel_size() == 0;  // only the bias is left
  if (!done && dtype != DType::kFloat64 && !is_trivial && !is_thin)
    done = onednn::conv(static_cast<onednn::Pass>(pass), g,
                        {fx.data(), fw.data(), fb.data(), fy.data(), dtype});
#endif
  if (!done && is_half(dtype)) return false;
  if (!done && dtype == DType::kFloat64) run_portable<double>(pass, g, fx, fw, fb, fy);
  if (!done && dtype == DType::kFloat32) run_portable<float>(pass, g, fx, fw, fb, fy);
  (pass == kForward ? fy : pass == kDataGradient ? fx : fw).write_back();
  return true;
}

void run(Pass pass, const Call& call, const View& x, const View& w, const View& bias,
         const View& y) {
  const View& out = call.out[0];
  if (out.numel() == 0) return;
  const auto& attrs = call.attributes<ConvAttrs>();
  if (pass != kForward && (x.numel() == 0 || y.numel() == 0 || w.numel() == 0))
    return fill_zero(out);
  const DType dtype = computing(out.dtype);
  if (!run_as(dtype, pass, attrs, x, w, bias, y))
    run_as(DType::kFloat32, pass, attrs, x, w, bias, y);
}

void conv(const Call& c) { run(kForward, c, c.in[0], c.in[1], c.in[2], c.out[0]); }
void conv_dx(const Call& c) { run(kDataGradient, c, c.out[0], c.in[1], View{}, c.in[0]); }
void conv_dw(const Call& c) { run(kWeightGradient, c, c.in[1], c.out[0], View{}, c.in[0]); }

}  // namespace

void register_conv(Table& table) {
  table.add("conv").kernel = conv;
  table.add("conv_dx").kernel = conv_dx;
  table.add("conv_dw").kernel = conv_dw;
}

}  // namespace rush::kernels::cpu
