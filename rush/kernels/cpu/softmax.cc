// softmax and log_softmax along any axis, and their gradients.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/softmax.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/attrs/softmax.h"
#include "rush/kernels/cpu/lines.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kGrain = 8192;

// Lines across memory are worked on in groups of neighbours, so that whole cache lines are used.
constexpr int64_t kGroup = 16;

// rows[j][i] = p[i, j] for a group of `count` lines of n, `next` apart; and back.
template <typename T>
void ReadGroup(const T* p, int64_t n, int64_t step, int64_t count, int64_t next,
               ComputeOf<T>* rows) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < count; ++j) rows[j * n + i] = LoadOne(p + i * step + j * next);
}
template <typename T>
void WriteGroup(const ComputeOf<T>* rows, T* p, int64_t n, int64_t step, int64_t count,
                int64_t next) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < count; ++j) StoreOne(rows[j * n + i], p + i * step + j * next);
}

// One or two input rows to one output row: f(first, second, out, n). Operands: the inputs, then the
// output, which is the last view.
template <class RowFunction>
void MapRows(const Lines& lines, std::span<const View> in, const View& y, int64_t n,
             const RowFunction& f) {
  if (n == 0) return;
  const int inputs = static_cast<int>(in.size());
  ForFloating(y.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    bool dense = true, across = false;  // a line that is one number over and over is not across
    for (int k = 0; k <= inputs; ++k) {
      dense &= lines.step[k] == 1;
      across |= lines.step[k] != 1 && lines.step[k] != 0;
    }
    if (across && lines.rank > 0) {
      const Lines groups = lines.grouped(kGroup);
      groups.for_each(n * kGroup, kGrain, [&](int64_t group, const int64_t* at) {
        const int64_t count = groups.group_size(group);
        const Scratch<A> rows((inputs + 1) * count * n);
        for (int k = 0; k < inputs; ++k)
          ReadGroup(in[k].as<const T>() + at[k], n, lines.step[k], count,
                    lines.strides[k][lines.rank - 1], rows.data() + k * count * n);
        A* out = rows.data() + inputs * count * n;
        for (int64_t j = 0; j < count; ++j)
          f(&rows[j * n], &rows[(inputs - 1) * count * n + j * n], out + j * n, n);
        WriteGroup(out, y.as<T>() + at[inputs], n, lines.step[inputs], count,
                   lines.strides[inputs][lines.rank - 1]);
      });
      return;
    }
    const bool in_place = std::is_same_v<T, A> && dense;
    lines.for_each(n, kGrain, [&](int64_t, const int64_t* at) {
      const RowBuffers<A> buffers(n, 3, !in_place);
      const A* rows[2];
      for (int k = 0; k < inputs; ++k)
        rows[k] = ReadRow(in[k].as<const T>() + at[k], n, lines.step[k], buffers[k]);
      T* to = y.as<T>() + at[inputs];
      A* out = RowToWrite(to, lines.step[inputs], buffers[2]);
      f(rows[0], rows[inputs - 1], out, n);
      WriteRow(out, to, n, lines.step[inputs]);
    });
  });
}

// x to y, or dy and y to dx.
template <class RowFunction>
void MapCall(const Call& call, const RowFunction& f) {
  const int64_t axis = call.attributes<SoftmaxAttrs>().axis, n = line_length(call.in[0], axis);
  const Lines lines = call.in.size() == 1 ? Lines({&call.in[0], &call.out[0]}, axis)
                                          : Lines({&call.in[0], &call.in[1], &call.out[0]}, axis);
  MapRows(lines, call.in, call.out[0], n, f);
}

}  // namespace

void Softmax(const Call& call) {
  MapCall(call, []<typename A>(const A* x, const A*, A* y, int64_t n) HWY_ATTR {
    A sum;
    LogSumExpRow(x, n, y, &sum);
    const A scale = 1 / sum;
    ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, y + i), hn::Set(d, scale)), d, y + i);
    });
  });
}

void LogSoftmax(const Call& call) {
  MapCall(call, []<typename A>(const A* x, const A*, A* y, int64_t n) HWY_ATTR {
    const A shift = LogSumExpRow<A>(x, n, nullptr, nullptr);
    ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, shift)), d, y + i);
    });
  });
}

// y (dy - sum(dy y))
void SoftmaxGrad(const Call& call) {
  MapCall(call, []<typename A>(const A* dy, const A* y, A* dx, int64_t n) HWY_ATTR {
    const A dot = static_cast<A>(SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      return hn::Mul(hn::LoadU(d, dy + i), hn::LoadU(d, y + i));
    }));
    ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      const auto centred = hn::Sub(hn::LoadU(d, dy + i), hn::Set(d, dot));
      hn::StoreU(hn::Mul(hn::LoadU(d, y + i), centred), d, dx + i);
    });
  });
}

// dy - exp(y) sum(dy)
void LogSoftmaxGrad(const Call& call) {
  MapCall(call, []<typename A>(const A* dy, const A* y, A* dx, int64_t n) HWY_ATTR {
    const A sum = static_cast<A>(
        SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR { return hn::LoadU(d, dy + i); }));
    ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
      const auto p = kernels::HWY_NAMESPACE::exp(d, hn::LoadU(d, y + i));
      hn::StoreU(hn::NegMulAdd(p, hn::Set(d, sum), hn::LoadU(d, dy + i)), d, dx + i);
    });
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(Softmax);
HWY_EXPORT(LogSoftmax);
HWY_EXPORT(SoftmaxGrad);
HWY_EXPORT(LogSoftmaxGrad);

void register_softmax(Table& table) {
  table.add("softmax").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(Softmax)(c); };
  table.add("log_softmax").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(LogSoftmax)(c); };
  table.add("softmax_grad").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(SoftmaxGrad)(c); };
  table.add("log_softmax_grad").kernel = [](const Call& c) {
    HWY_DYNAMIC_DISPATCH(LogSoftmaxGrad)(c);
  };
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
