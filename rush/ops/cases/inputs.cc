// How the inputs of a row are drawn and placed in memory.
#include "rush/ops/cases/inputs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rush/tensor/layout.h"

namespace rush::testing {

namespace {

// splitmix64: plain and well mixed; the engine's own generators are under test elsewhere.
class Draw {
 public:
  explicit Draw(uint64_t seed) : state_(seed) {}
  uint64_t bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  int64_t below(int64_t n) { return n <= 0 ? 0 : static_cast<int64_t>(bits() % uint64_t(n)); }

 private:
  uint64_t state_;
};

uint64_t seed_of(const OpCase& row) {
  uint64_t h = 1469598103934665603u;
  for (char c : row.op + "/" + row.label) h = (h ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return h;
}

// The values of one input as doubles, before they are cast.
std::vector<double> draw_values(const In& in, int64_t n, Draw& draw) {
  std::vector<double> v(static_cast<size_t>(n));
  switch (in.kind) {
    case In::kReal:
    case In::kFixedReal:
      for (double& x : v) x = in.low + (in.high - in.low) * draw.unit();
      break;
    case In::kDistinct: {
      // A shuffled grid; each point moves by less than a quarter of the spacing.
      const double spacing = n > 0 ? (in.high - in.low) / static_cast<double>(n) : 0;
      for (int64_t i = 0; i < n; ++i)
        v[i] = in.low + spacing * (static_cast<double>(i) + 0.5 + 0.45 * (draw.unit() - 0.5));
      for (int64_t i = n - 1; i > 0; --i) std::swap(v[i], v[draw.below(i + 1)]);
      break;
    }
    case In::kInteger: {
      const auto low = static_cast<int64_t>(std::ceil(in.low));
      const auto high = static_cast<int64_t>(std::floor(in.high));
      for (double& x : v) x = static_cast<double>(low + draw.below(high - low + 1));
      break;
    }
    case In::kIndex:
      for (double& x : v)
        x = in.low + static_cast<double>(draw.below(static_cast<int64_t>(in.high - in.low)));
      break;
    case In::kBool:
      for (double& x : v) x = draw.unit() < 0.5;
      break;
    case In::kSpecial: {
      constexpr double kValues[] = {0,    -0.0,     1,         -1,  0.5, -0.5, 1.5, 2.5, -2.5,
                                    1e-3, INFINITY, -INFINITY, NAN, 2,   3,    -3,  100, -100};
      const auto count = static_cast<int64_t>(std::size(kValues));
      const int64_t start = draw.below(count);  // operands of one op meet each other's values
      for (int64_t i = 0; i < n; ++i) v[i] = kValues[(start + i) % count];
      break;
    }
    case In::kAbsent:
      break;
  }
  return v;
}

// Brings a drawn value into an integer dtype: rounded, and inside [low, high] where a whole number
// fits there.
double as_whole(double v, const In& in, DType dtype) {
  double low = std::ceil(in.low), high = std::floor(in.high);
  if (in.kind == In::kSpecial) {
    low = -100;
    high = 100;
    if (std::isnan(v)) v = 7;
  }
  if (dtype == DType::kBool && low <= 0 && high >= 1) return v > (in.low + in.high) / 2;
  if (dtype == DType::kUInt8) low = std::max(low, 0.0);
  if (low > high) low = high = std::max(std::round((in.low + in.high) / 2), 0.0);
  return std::clamp(std::round(v), low, high);
}

DType dtype_of_input(const In& in, DType under_test) {
  switch (in.kind) {
    case In::kIndex:
      return int64;
    case In::kBool:
      return bool_;
    case In::kFixedReal:
      return is_floating(under_test) ? under_test : float32;
    default:
      return under_test;
  }
}

Tensor make_input(const In& in, const Shape& shape, DType under_test, Draw& draw) {
  if (in.kind == In::kAbsent) return {};
  const DType dtype = dtype_of_input(in, under_test);
  const std::vector<double> v = draw_values(in, numel(shape), draw);
  Tensor t = Tensor::empty(shape, dtype);
  const bool whole = !is_floating(dtype) && in.kind != In::kIndex && in.kind != In::kBool;
  dispatch(dtype, [&]<typename T>() {
    for (size_t i = 0; i < v.size(); ++i) {
      const double x = whole ? as_whole(v[i], in, dtype) : v[i];
      if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
        t.data<T>()[i] = T(static_cast<float>(x));
      else
        t.data<T>()[i] = static_cast<T>(x);
    }
  });
  return t;
}

Tensor over(const Tensor& storage_of, const Layout& layout) {
  Ref<TensorBody> body = TensorBody::make();
  body->storage = storage_of.storage();
  body->layout = layout;
  body->dtype = storage_of.dtype();
  return Tensor(body);
}

// Calls f(offset in a, offset in b) for every element of the common shape.
template <typename F>
void for_each_pair(const Layout& a, const Layout& b, F&& f) {
  Dims at = Dims::filled(a.rank(), 0);
  for (int64_t i = 0, n = a.numel(); i < n; ++i) {
    int64_t oa = a.offset, ob = b.offset;
    for (int d = 0; d < a.rank(); ++d) {
      oa += at[d] * a.strides[d];
      ob += at[d] * b.strides[d];
    }
    f(oa, ob);
    for (int d = a.rank() - 1; d >= 0 && ++at[d] == a.shape[d]; --d) at[d] = 0;
  }
}

void copy_elements(const Tensor& from, const Tensor& to) {
  const size_t size = size_of(from.dtype());
  const char* source = static_cast<const char*>(from.storage()->data());
  char* target = static_cast<char*>(to.storage()->data());
  for_each_pair(from.layout(), to.layout(), [&](int64_t a, int64_t b) {
    std::copy_n(source + a * static_cast<int64_t>(size), size,
                target + b * static_cast<int64_t>(size));
  });
}

}  // namespace

bool is_differentiable_kind(In::Kind kind) {
  return kind == In::kReal || kind == In::kDistinct || kind == In::kInteger;
}
bool follows_dtype(In::Kind kind) { return is_differentiable_kind(kind) || kind == In::kSpecial; }

Tensors make_inputs(const OpCase& row, DType dtype, bool with_grad) {
  Draw draw(seed_of(row));
  Tensors inputs;
  for (const In& in : row.in) {
    inputs.push_back(make_input(in, in.shape, dtype, draw));
    if (with_grad && is_floating(dtype) && is_differentiable_kind(in.kind))
      inputs.back().requires_grad_();
  }
  return inputs;
}

Tensors make_inputs(const OpCase& row, const std::vector<Shape>& shapes, DType dtype) {
  Draw draw(seed_of(row));
  Tensors inputs;
  for (size_t i = 0; i < row.in.size(); ++i)
    inputs.push_back(make_input(row.in[i], shapes[i], dtype, draw));
  return inputs;
}

Tensor placed(const Tensor& t, Placement placement) {
  if (!t.defined()) return t;
  const Shape& shape = t.shape();
  Layout layout(shape);
  int64_t room = std::max<int64_t>(t.numel(), 1);
  switch (placement) {
    case Placement::kReversedDims: {
      int64_t stride = 1;
      for (int d = 0; d < shape.size(); ++d) {
        layout.strides[d] = stride;
        stride *= std::max<int64_t>(shape[d], 1);
      }
      break;
    }
    case Placement::kSteps:
      for (int64_t& s : layout.strides) s *= 3;
      layout.offset = 2;
      room = room * 3 + 2;
      break;
    case Placement::kBackwards:
      layout.offset = std::max<int64_t>(t.numel() - 1, 0);
      for (int64_t& s : layout.strides) s = -s;
      break;
  }
  const Tensor result = over(Tensor::empty({room}, t.dtype()), layout);
  copy_elements(t, result);
  return result;
}

Tensor repeated(const Tensor& t, int d) {
  Layout layout = t.layout();
  layout.strides[d] = 0;
  return over(t, layout);
}

Tensor converted(const Tensor& t, DType dtype) {
  if (!t.defined()) return t;
  const Tensor result = Tensor::empty(t.shape(), dtype);
  dispatch(t.dtype(), [&]<typename From>() {
    dispatch(dtype, [&]<typename To>() {
      const From* source = static_cast<const From*>(t.storage()->data());
      To* target = result.data<To>();
      for_each_pair(t.layout(), result.layout(), [&](int64_t a, int64_t b) {
        if constexpr (std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>)
          target[b] = To(static_cast<float>(source[a]));
        else if constexpr (std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>)
          target[b] = static_cast<To>(static_cast<float>(source[a]));
        else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To> &&
                           !std::is_same_v<To, bool>)
          target[b] = static_cast<To>(static_cast<int64_t>(source[a]));  // narrow types wrap
        else
          target[b] = static_cast<To>(source[a]);
      });
    });
  });
  return result;
}

Tensors reference_inputs(const OpCase& row, const Tensors& inputs) {
  Tensors all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const In::Kind kind = row.in[i].kind;
    const bool as_is = kind == In::kIndex || kind == In::kBool;
    all.push_back(inputs[i].defined()
                      ? converted(inputs[i], as_is ? inputs[i].dtype() : DType::kFloat64)
                      : Tensor());
  }
  return all;
}

Tensor weights_for(const Tensor& like, uint64_t seed) {
  Draw draw(seed);
  const Tensor w = Tensor::empty(like.shape(), float64);
  for (int64_t i = 0; i < w.numel(); ++i) {
    const double u = draw.unit();
    w.data<double>()[i] = u < 0.5 ? u * 2 - 1.5 : u * 2 - 0.5;
  }
  return converted(w, like.dtype());
}

}  // namespace rush::testing
