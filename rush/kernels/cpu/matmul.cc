// matmul and linear: how batches become matrix products.
//
// A batch over one shared matrix is one tall product; other batches run product by product, small
// ones spread over threads, large ones each on all threads. Half-width types compute in float.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/strided_copy.h"
#include "rush/kernels/kernel.h"
#if RUSH_WITH_ONEDNN
#include "rush/kernels/cpu/onednn/matmul.h"
#endif

namespace rush::kernels::cpu {
namespace {

// Integers: in order of memory, wrapping around on overflow.
template <typename T>
void multiply_integers(const Gemm<T>& g) {
  const int64_t grain = std::max<int64_t>(1, kSerialWork / std::max<int64_t>(1, g.n * g.k));
  parallel_for(g.m, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* c = g.c + i * g.c_row;
      for (int64_t j = 0; j < g.n; ++j) c[j] = g.bias ? g.bias[j] : T(0);
      for (int64_t k = 0; k < g.k; ++k) {
        const auto a = static_cast<uint64_t>(g.a[i * g.a_row + k * g.a_col]);
        const T* b = g.b + k * g.b_row;
        for (int64_t j = 0; j < g.n; ++j)
          c[j] = static_cast<T>(static_cast<uint64_t>(c[j]) +
                                a * static_cast<uint64_t>(b[j * g.b_col]));
      }
    }
  });
}

template <typename T>
void multiply(const Gemm<T>& g) {
  if constexpr (std::is_floating_point_v<T>)
    gemm(g);
  else
    multiply_integers(g);
}

// The batch dimensions of a product, the last one innermost.
struct Batch {
  Shape shape;
  Strides a, b, c;
  int64_t count() const { return numel(shape); }
};

// The stride of batch dimension d (counted in the output) of an operand with fewer dimensions.
int64_t batch_stride(const View& v, int d, int rank) {
  const int own = d - (rank - v.shape.size());
  return own < 0 || v.shape[own] == 1 ? 0 : v.strides[own];
}

// Moves batch dimensions over which b is shared into the rows of a and c, where a's rows continue.
template <typename T>
void collapse(Gemm<T>& g, Batch& batch) {
  while (!batch.shape.empty()) {
    const int d = batch.shape.size() - 1;
    const bool continues = g.m == 1 || (batch.a[d] == g.m * g.a_row && batch.c[d] == g.m * g.c_row);
    if (batch.b[d] != 0 || !continues) return;
    if (g.m == 1) {
      g.a_row = batch.a[d];
      g.c_row = batch.c[d];
    }
    g.m *= batch.shape[d];
    batch.shape.pop_back();
    batch.a.pop_back();
    batch.b.pop_back();
    batch.c.pop_back();
  }
}

// A regular batch (or a single product) as one call of oneDNN. False where that does not apply.
template <typename T>
bool multiply_at_once([[maybe_unused]] const Gemm<T>& g, [[maybe_unused]] const Batch& batch) {
#if RUSH_WITH_ONEDNN
  const int last = batch.shape.size() - 1;
  int64_t count = 1;
  for (int d = last; d >= 0; --d) {
    if (batch.a[d] != count * batch.a[last] || batch.b[d] != count * batch.b[last] ||
        batch.c[d] != count * batch.c[last])
      return false;
    count *= batch.shape[d];
  }
  const int64_t a = last < 0 ? g.m * g.a_row : batch.a[last];
  const int64_t b = last < 0 ? g.n * g.b_col : batch.b[last];
  const int64_t c = last < 0 ? g.m * g.c_row : batch.c[last];
  if (g.k == 0 || a <= 0 || b <= 0) return false;
  return onednn::matmul(
      {count, g.m, g.n, g.k, a, g.a_row, g.a_col, b, g.b_row, g.b_col, c, g.c_row}, dtype_of<T>,
      g.a, g.b, g.bias, g.c);
#else
  return false;
#endif
}

template <typename T>
void multiply_batch(const Gemm<T>& g, const Batch& batch) {
  const int64_t count = batch.count();
  if constexpr (std::is_same_v<T, float>) {
    constexpr int64_t kLeastWork = int64_t{1} << 16;  // less is done faster by our own kernel
    if (count * g.work() >= kLeastWork && !is_deterministic() && multiply_at_once(g, batch)) return;
  }
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Gemm<T> one = g;
      int64_t rest = i;
      for (int d = batch.shape.size() - 1; d >= 0; --d) {
        const int64_t at = rest % batch.shape[d];
        rest /= batch.shape[d];
        one.a += at * batch.a[d];
        one.b += at * batch.b[d];
        one.c += at * batch.c[d];
      }
      multiply(one);
    }
  };
  if (g.work() >= 8 * kSerialWork)
    run(0, count);
  else
    parallel_for(count, std::max<int64_t>(1, kSerialWork / std::max<int64_t>(1, g.work())), run);
}

template <typename T>
Gemm<T> matmul_gemm(const View& a, const View& b, const View& c, Batch& batch) {
  const int ra = a.shape.size(), rb = b.shape.size(), rank = c.shape.size();
  Gemm<T> g{c.shape[rank - 2], c.shape[rank - 1], a.shape[ra - 1],    a.as<const T>(),
            a.strides[ra - 2], a.strides[ra - 1], b.as<const T>(),    b.strides[rb - 2],
            b.strides[rb - 1], c.as<T>(),         c.strides[rank - 2]};
  for (int d = 0; d < rank - 2; ++d) {
    if (c.shape[d] == 1) continue;
    batch.shape.push_back(c.shape[d]);
    batch.a.push_back(batch_stride(a, d, rank));
    batch.b.push_back(batch_stride(b, d, rank));
    batch.c.push_back(c.strides[d]);
  }
  collapse(g, batch);
  return g;
}

template <typename T>
void matmul_typed(const View& a, const View& b, const View& c) {
  Batch batch;
  const Gemm<T> g = matmul_gemm<T>(a, b, c, batch);
  if (batch.shape.empty())
    multiply(g);
  else
    multiply_batch(g, batch);
}

// y = x wT + bias, x: [..., in] with its leading dimensions taken as rows. `is_even`: whether these
// follow each other at one distance.
template <typename T>
Gemm<T> linear_gemm(const View& x, const View& w, const View& bias, const View& y, bool& is_even) {
  const int last = x.shape.size() - 1;
  Gemm<T> g{};
  g.m = 1;
  g.n = w.shape[0];
  g.k = x.shape[last];
  g.a = x.as<const T>();
  g.a_row = g.k;
  g.a_col = x.strides[last];
  g.b = w.as<const T>();
  g.b_row = w.strides[1];
  g.b_col = w.strides[0];
  g.c = y.as<T>();
  g.c_row = g.n;
  g.bias = bias.as<const T>();
  is_even = true;
  for (int d = last - 1; d >= 0; --d) {
    if (x.shape[d] == 1) continue;
    if (g.m == 1)
      g.a_row = x.strides[d];
    else if (x.strides[d] != g.m * g.a_row)
      is_even = false;
    g.m *= x.shape[d];
  }
  return g;
}

bool is_dense_bias(const View& bias) {
  return !bias.data || bias.shape[0] == 1 || bias.strides[0] == 1;
}

template <typename T>
void linear_typed(const View& x, const View& w, const View& bias, const View& y) {
  bool is_even;
  Gemm<T> g = linear_gemm<T>(x, w, bias, y, is_even);
  const Scratch<T> x_copy(is_even ? 0 : g.m * g.k);
  if (!is_even) {
    strided_copy(x, dense_view(x_copy.data(), x.dtype, x.shape));
    g.a = x_copy.data();
    g.a_row = g.k;
    g.a_col = 1;
  }
  const bool copies_bias = !is_dense_bias(bias);
  const Scratch<T> bias_copy(copies_bias ? g.n : 0);
  if (copies_bias) {
    strided_copy(bias, dense_view(bias_copy.data(), bias.dtype, bias.shape));
    g.bias = bias_copy.data();
  }
  multiply(g);
}

// Whether the processor computes in this half-width type, through oneDNN.
bool is_native([[maybe_unused]] DType t) {
#if RUSH_WITH_ONEDNN
  return t == DType::kBFloat16 && onednn::has_bfloat16();
#else
  return false;
#endif
}

// `v` in float32, in `memory` if that takes a copy.
class FloatCopy {
 public:
  explicit FloatCopy(const View& v, bool fill = true) : memory_(v.data ? v.numel() : 0) {
    if (!v.data) return;
    view = dense_view(memory_.data(), DType::kFloat32, v.shape);
    if (fill) strided_copy(v, view);
  }
  View view;

 private:
  Scratch<float> memory_;
};

void matmul(const Call& call) {
  const View &a = call.in[0], &b = call.in[1], &c = call.out[0];
  if (c.numel() == 0) return;
  if (c.dtype == DType::kFloat32) return matmul_typed<float>(a, b, c);
  if (is_native(c.dtype)) {
    Batch batch;
    const auto g = matmul_gemm<BFloat16>(a, b, c, batch);
    if (multiply_at_once(g, batch)) return;
  }
  if (is_half(c.dtype)) {
    const FloatCopy fa(a), fb(b), fc(c, false);
    matmul_typed<float>(fa.view, fb.view, fc.view);
    strided_copy(fc.view, c);
    return;
  }
  dispatch(c.dtype, [&]<typename T>() {
    if constexpr (std::is_arithmetic_v<T>) matmul_typed<T>(a, b, c);
  });
}

// x += a b. Kernels want columns of the result side by side: else the transposed sum is made, or a
// copy.
template <typename T>
void add_product(const View& x, const View& a, const View& b) {
  Gemm<T> g{x.shape[0],   x.shape[1],   a.shape[1],      a.as<const T>(),
            a.strides[0], a.strides[1], b.as<const T>(), b.strides[0],
            b.strides[1], x.as<T>(),    x.strides[0]};
  g.accumulate = true;
  if (x.strides[1] == 1 || x.shape[1] == 1) return gemm(g);
  if (x.strides[0] == 1)
    return gemm(Gemm<T>{g.n, g.m, g.k, g.b, g.b_col, g.b_row, g.a, g.a_col, g.a_row, g.c,
                        x.strides[1], nullptr, true});
  const Scratch<T> copy(x.numel());
  const View dense = dense_view(copy.data(), x.dtype, x.shape);
  strided_copy(x, dense);
  g.c = copy.data();
  g.c_row = g.n;
  gemm(g);
  strided_copy(dense, x);
}

void addmm_in_place(const Call& call) {
  const View &x = call.in[0], &a = call.in[1], &b = call.in[2];
  if (x.numel() == 0 || a.shape[1] == 0) return;
  if (x.dtype == DType::kFloat32)
    add_product<float>(x, a, b);
  else
    add_product<double>(x, a, b);
}

void linear(const Call& call) {
  const View &x = call.in[0], &w = call.in[1], &bias = call.in[2], &y = call.out[0];
  if (y.numel() == 0) return;
  if (y.dtype == DType::kFloat32) return linear_typed<float>(x, w, bias, y);
  if (is_native(y.dtype) && is_dense_bias(bias)) {
    bool is_even;
    const auto g = linear_gemm<BFloat16>(x, w, bias, y, is_even);
    if (is_even && multiply_at_once(g, Batch{})) return;
  }
  if (is_half(y.dtype)) {
    const FloatCopy fx(x), fw(w), fb(bias), fy(y, false);
    linear_typed<float>(fx.view, fw.view, fb.view, fy.view);
    strided_copy(fy.view, y);
    return;
  }
  dispatch(y.dtype, [&]<typename T>() {
    if constexpr (std::is_arithmetic_v<T>) linear_typed<T>(x, w, bias, y);
  });
}

}  // namespace

void register_matmul(Table& table) {
  table.add("matmul").kernel = matmul;
  table.add("linear").kernel = linear;
  table.add("addmm_").kernel = addmm_in_place;
}

}  // namespace rush::kernels::cpu
