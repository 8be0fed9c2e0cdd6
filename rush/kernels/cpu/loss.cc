// Mean squared error, forward and backward in one pass each; binary cross-entropy of probabilities.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/loss.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/attrs/loss.h"
#include "rush/kernels/cpu/lines.h"
#include "rush/kernels/cpu/loss_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"
#include "rush/tensor/layout.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kBlock = 16384;

bool SameDense(std::initializer_list<const View*> views) {
  const View& first = **views.begin();
  for (const View* v : views)
    if (!(v->strides == first.strides)) return false;
  return is_dense(first.shape, first.strides);
}

// The operands as rows: one row where all lie alike, lines of the last axis elsewhere. Rows are cut
// into blocks. Calls f(block number, length, pointers as offsets).
template <class F>
void ForBlocks(std::initializer_list<const View*> views, const F& f) {
  const View& first = **views.begin();
  const int64_t total = first.numel();
  if (SameDense(views)) {
    parallel_for(total, kBlock, [&](int64_t begin, int64_t end) {
      const int64_t at[Lines::kOperands] = {begin, begin, begin, begin};
      const int64_t step[Lines::kOperands] = {1, 1, 1, 1};
      f(begin / kBlock, end - begin, at, step);
    });
    return;
  }
  const Lines lines(views, first.shape.size() - 1);
  const int64_t n = line_length(first, first.shape.size() - 1);
  lines.for_each(n, kBlock, [&](int64_t line, const int64_t* at) { f(line, n, at, lines.step); });
}

int64_t BlockCount(std::initializer_list<const View*> views) {
  const View& first = **views.begin();
  if (SameDense(views)) return (first.numel() + kBlock - 1) / kBlock;
  return Lines(views, first.shape.size() - 1).count;
}

}  // namespace

// sum (x - y)^2, over the count for the mean
void MseLoss(const Call& call) {
  const View &x = call.in[0], &y = call.in[1], &out = call.out[0];
  const bool is_mean = call.attributes<LossAttrs>().reduction == Reduction::kMean;
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const int64_t blocks = BlockCount({&x, &y});
    double few[16];  // small losses need no memory
    const Scratch<double> many(blocks > 16 ? blocks : 0);
    double* sums = blocks > 16 ? many.data() : few;
    ForBlocks({&x, &y}, [&](int64_t block, int64_t n, const int64_t* at, const int64_t* step) {
      const bool in_place = std::is_same_v<T, A> && step[0] == 1 && step[1] == 1;
      const RowBuffers<A> buffers(n, 2, !in_place);
      const A* a = ReadRow(x.as<const T>() + at[0], n, step[0], buffers[0]);
      const A* b = ReadRow(y.as<const T>() + at[1], n, step[1], buffers[1]);
      sums[block] = SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto error = hn::Sub(hn::LoadU(d, a + i), hn::LoadU(d, b + i));
        return hn::Mul(error, error);
      });
    });
    double total = 0;
    for (int64_t i = 0; i < blocks; ++i) total += sums[i];
    if (is_mean) total /= static_cast<double>(x.numel());
    StoreOne(static_cast<A>(total), out.as<T>());
  });
}

// in: x, y, dy (0-d); out: dy 2 (x - y), over the count for the mean
void MseLossGrad(const Call& call) {
  const View &x = call.in[0], &y = call.in[1], &dx = call.out[0];
  const bool is_mean = call.attributes<LossAttrs>().reduction == Reduction::kMean;
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const double count = is_mean ? static_cast<double>(x.numel()) : 1;
    const A scale = static_cast<A>(2 * static_cast<double>(*call.in[2].as<const T>()) / count);
    ForBlocks({&x, &y, &dx}, [&](int64_t, int64_t n, const int64_t* at, const int64_t* step) {
      const bool in_place = std::is_same_v<T, A> && step[0] == 1 && step[1] == 1 && step[2] == 1;
      const RowBuffers<A> buffers(n, 3, !in_place);
      const A* a = ReadRow(x.as<const T>() + at[0], n, step[0], buffers[0]);
      const A* b = ReadRow(y.as<const T>() + at[1], n, step[1], buffers[1]);
      T* to = dx.as<T>() + at[2];
      A* row = RowToWrite(to, step[2], buffers[2]);
      ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto error = hn::Sub(hn::LoadU(d, a + i), hn::LoadU(d, b + i));
        hn::StoreU(hn::Mul(error, hn::Set(d, scale)), d, row + i);
      });
      WriteRow(row, to, n, step[2]);
    });
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
namespace {

HWY_EXPORT(MseLoss);
HWY_EXPORT(MseLossGrad);

// -(y log x + (1 - y) log(1 - x)), logarithms not below -100.
template <typename T>
void binary_cross_entropy_row(const Row& row) {
  using A = std::conditional_t<std::is_same_v<T, double>, double, float>;
  for (int64_t i = 0; i < row.n; ++i) {
    const A x = static_cast<const T*>(row.ptr[1])[i * row.stride[1]];
    const A y = static_cast<const T*>(row.ptr[2])[i * row.stride[2]];
    if (!(x >= 0 && x <= 1) && x == x)
      fail("binary_cross_entropy: probabilities must be between 0 and 1; got ",
           static_cast<double>(x), ", use binary_cross_entropy_with_logits for other scores");
    const A yes = std::max(std::log(x), A(-100)), no = std::max(std::log1p(-x), A(-100));
    static_cast<T*>(row.ptr[0])[i * row.stride[0]] = static_cast<T>((y - 1) * no - y * yes);
  }
}

}  // namespace

void register_loss(Table& table) {
  register_class_losses(table);
  table.add("mse_loss").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(MseLoss)(c); };
  table.add("mse_loss_grad").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(MseLossGrad)(c); };
  Entry& bce = table.add("binary_cross_entropy");
  bce.cost = 16;
  bce.rows[static_cast<int>(DType::kFloat32)] = binary_cross_entropy_row<float>;
  bce.rows[static_cast<int>(DType::kFloat64)] = binary_cross_entropy_row<double>;
  bce.rows[static_cast<int>(DType::kFloat16)] = binary_cross_entropy_row<Float16>;
  bce.rows[static_cast<int>(DType::kBFloat16)] = binary_cross_entropy_row<BFloat16>;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
