// Cross-entropy of logits against class ids, forward and backward in one pass over the logits each.
// x: [N, C, ...], target: [N, ...].
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/class_loss.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/attrs/loss.h"
#include "rush/kernels/cpu/lines.h"
#include "rush/kernels/cpu/loss_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kGrain = 8192;

// With Q[c] = (1 - e) w[t] [c = t] + (e / C) w[c], the loss of a row is -sum Q[c] log p[c].
// `spread` is the second part, `total` the sum of Q.
template <typename A>
struct RowWeights {
  const A* weight;  // null: all 1
  A keep, spread;   // 1 - e, e / C
  double all;       // sum of w

  A of(int64_t c) const { return weight == nullptr ? A(1) : weight[c]; }
  A total(int64_t t) const { return keep * of(t) + spread * static_cast<A>(all); }
};

template <typename A>
RowWeights<A> MakeWeights(const A* weight, int64_t classes, double smoothing) {
  RowWeights<A> w{weight, static_cast<A>(1 - smoothing),
                  static_cast<A>(smoothing / static_cast<double>(classes)), 0};
  for (int64_t c = 0; c < classes; ++c) w.all += static_cast<double>(w.of(c));
  return w;
}

// sum w[c] x[c]
template <typename A>
HWY_ATTR A WeightedSum(const A* x, const A* weight, int64_t n) {
  if (weight == nullptr)
    return static_cast<A>(
        SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR { return hn::LoadU(d, x + i); }));
  return static_cast<A>(SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR {
    return hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, weight + i));
  }));
}

// dx[c] = scale (total exp(x[c] - lse) - Q[c])
template <typename A>
HWY_ATTR void GradRow(const A* x, A* dx, int64_t n, int64_t target, A lse, A scale,
                      const RowWeights<A>& w) {
  const A factor = scale * w.total(target), spread = scale * w.spread;
  ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto p = kernels::HWY_NAMESPACE::exp(d, hn::Sub(hn::LoadU(d, x + i), hn::Set(d, lse)));
    auto q = hn::Set(d, spread);
    if (w.weight != nullptr) q = hn::Mul(q, hn::LoadU(d, w.weight + i));
    hn::StoreU(hn::MulSub(p, hn::Set(d, factor), q), d, dx + i);
  });
  dx[target] -= scale * w.keep * w.of(target);
}

template <typename T>
const ComputeOf<T>* WeightRow(const View& weight, int64_t n, ComputeOf<T>* buffer) {
  if (weight.data == nullptr) return nullptr;
  return ReadRow(weight.as<const T>(), n, weight.strides[0], buffer);
}

}  // namespace

// in: x, target, weight; out: loss, logsumexp.
void CrossEntropy(const Call& call) {
  const View &x = call.in[0], &loss = call.out[0];
  const View target = with_axis(call.in[1], 1), lse = with_axis(call.out[1], 1);
  const auto& a = call.attributes<ClassLossAttrs>();
  const int64_t n = x.shape[1];
  const Lines lines({&x, &target, &lse}, 1);
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const RowBuffers<A> weight_buffer(n, 1, call.in[2].data != nullptr);
    const auto w = MakeWeights(WeightRow<T>(call.in[2], n, weight_buffer[0]), n, a.label_smoothing);
    const Scratch<double> losses(2 * lines.count);  // of the rows, and their weights
    const bool in_place = std::is_same_v<T, A> && lines.step[0] == 1;
    lines.for_each(n, kGrain, [&](int64_t line, const int64_t* at) {
      const int64_t t = target.as<const int64_t>()[at[1]];
      check_class("cross_entropy", t, n, a.ignore_index, line);
      const RowBuffers<A> buffer(n, 1, !in_place);
      const A* row = ReadRow(x.as<const T>() + at[0], n, lines.step[0], buffer[0]);
      const A log_sum = LogSumExpRow<A>(row, n, nullptr, nullptr);
      lse.as<A>()[at[2]] = log_sum;
      losses[2 * line] = losses[2 * line + 1] = 0;
      if (t == a.ignore_index) return;
      A expected = w.keep * w.of(t) * row[t];
      if (w.spread != 0) expected += w.spread * WeightedSum(row, w.weight, n);
      losses[2 * line] = static_cast<double>(w.total(t) * log_sum - expected);
      losses[2 * line + 1] = static_cast<double>(w.of(t));
    });
    if (a.reduction == Reduction::kNone) {
      for (int64_t i = 0; i < lines.count; ++i)  // contiguous, as the record asks
        StoreOne(static_cast<A>(losses[2 * i]), loss.as<T>() + i);
      return;
    }
    double total = 0, weights = 0;
    for (int64_t i = 0; i < lines.count; ++i) {
      total += losses[2 * i];
      weights += losses[2 * i + 1];
    }
    if (a.reduction == Reduction::kMean) total /= weights;
    StoreOne(static_cast<A>(total), loss.as<T>());
  });
}

// in: x, target, weight, logsumexp, dy; out: dx.
void CrossEntropyGrad(const Call& call) {
  const View &x = call.in[0], &dx = call.out[0], &weight = call.in[2];
  const auto& a = call.attributes<ClassLossAttrs>();
  View dy = call.in[4];
  if (a.reduction != Reduction::kNone) {  // one number for all rows
    dy.shape = call.in[1].shape;
    dy.strides = Dims::filled(dy.shape.size(), 0);
  }
  const View target = with_axis(call.in[1], 1), lse = with_axis(call.in[3], 1);
  dy = with_axis(dy, 1);
  const int64_t n = x.shape[1];
  const Lines lines({&x, &target, &lse, &dx}, 1), dy_lines({&target, &dy}, 1);
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const RowBuffers<A> weight_buffer(n, 1, weight.data != nullptr);
    const auto w = MakeWeights(WeightRow<T>(weight, n, weight_buffer[0]), n, a.label_smoothing);
    double weights = 1;
    if (a.reduction == Reduction::kMean) {
      weights = 0;
      lines.for_each(lines.count, INT64_MAX, [&](int64_t line, const int64_t* at) {
        const int64_t t = target.as<const int64_t>()[at[1]];
        check_class("cross_entropy", t, n, a.ignore_index, line);
        if (t != a.ignore_index) weights += static_cast<double>(w.of(t));
      });
    }
    const bool in_place = std::is_same_v<T, A> && lines.step[0] == 1 && lines.step[3] == 1;
    lines.for_each(n, kGrain, [&](int64_t line, const int64_t* at) {
      const int64_t t = target.as<const int64_t>()[at[1]];
      check_class("cross_entropy", t, n, a.ignore_index, line);
      const RowBuffers<A> buffers(n, 2, !in_place);
      T* to = dx.as<T>() + at[3];
      A* out = RowToWrite(to, lines.step[3], buffers[1]);
      if (t == a.ignore_index) {
        std::fill_n(out, n, A(0));
      } else {
        const A upstream = LoadOne(dy.as<const T>() + dy_lines.offset_of(line, 1));
        const A* row = ReadRow(x.as<const T>() + at[0], n, lines.step[0], buffers[0]);
        GradRow(row, out, n, t, lse.as<const A>()[at[2]],
                static_cast<A>(static_cast<double>(upstream) / weights), w);
      }
      WriteRow(out, to, n, lines.step[3]);
    });
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(CrossEntropy);
HWY_EXPORT(CrossEntropyGrad);

void check_class(const char* op, int64_t target, int64_t classes, int64_t ignored, int64_t row) {
  if ((target < 0 || target >= classes) && target != ignored)
    fail<IndexError>(op, ": target ", target, " of row ", row, " is no class id in [0, ", classes,
                     "), nor the ignored ", ignored);
}

void register_class_losses(Table& table) {
  table.add("cross_entropy").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(CrossEntropy)(c); };
  table.add("cross_entropy_grad").kernel = [](const Call& c) {
    HWY_DYNAMIC_DISPATCH(CrossEntropyGrad)(c);
  };
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
