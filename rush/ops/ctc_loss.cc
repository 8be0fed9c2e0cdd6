// CTC. With the labels and blanks between them l = [-, t1, -, t2, ..., -], alpha[s] is the
// logarithm of the probability of all beginnings that end in l[s]; it moves by one step for each
// input:
//   alpha'[s] = log_probs[l[s]] + log(e^alpha[s] + e^alpha[s-1] + e^alpha[s-2])
// where the last term needs l[s] to be a label other than l[s-2].
#include <algorithm>
#include <limits>
#include <vector>

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/likelihood_loss.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

constexpr double kNever = -1e30;  // the logarithm of no probability; infinity would make NaN

std::vector<int64_t> values_of(const Tensor& t) {
  const Unobserved hidden;
  return t.to_vector<int64_t>();
}

void check_lengths(const char* what, const Tensor& lengths, int64_t batch, int64_t most) {
  if (lengths.dtype() != DType::kInt64)
    fail<TypeError>("ctc_loss: ", what, " must be int64; got ", lengths.dtype());
  if (!(lengths.shape() == Shape{batch}))
    fail<ShapeError>("ctc_loss: ", what, " must have shape ", Shape{batch}, "; got ",
                     lengths.shape());
  if (!lengths.has_data()) return;
  for (int64_t n : values_of(lengths))
    if (n < 0 || n > most) fail<ShapeError>("ctc_loss: ", what, " are in [0, ", most, "]; got ", n);
}

void check_labels(const Tensor& targets, int64_t classes) {
  if (targets.dtype() != DType::kInt64)
    fail<TypeError>("ctc_loss: targets must be int64; got ", targets.dtype());
  if (!targets.has_data()) return;
  for (int64_t id : values_of(targets))
    if (id < 0 || id >= classes)
      fail<IndexError>("ctc_loss: targets are class ids below ", classes, "; got ", id);
}

// Targets given one after another, as [N, longest].
Tensor in_rows(const Tensor& targets, const Tensor& lengths) {
  if (!targets.has_data() || !lengths.has_data())
    fail("ctc_loss: targets one after another need values; in a graph give them as [N, S]");
  const std::vector<int64_t> flat = values_of(targets), counts = values_of(lengths);
  int64_t total = 0, longest = 0;
  for (int64_t n : counts) {
    total += n;
    longest = std::max(longest, n);
  }
  if (total != static_cast<int64_t>(flat.size()))
    fail<ShapeError>("ctc_loss: the target lengths sum to ", total, ", but there are ", flat.size(),
                     " targets");
  std::vector<int64_t> rows(counts.size() * static_cast<size_t>(longest), 0);
  auto from = flat.begin();
  for (size_t i = 0; i < counts.size(); ++i) {
    std::copy_n(from, counts[i], rows.begin() + static_cast<ptrdiff_t>(i) * longest);
    from += counts[i];
  }
  return Tensor::from(rows, {static_cast<int64_t>(counts.size()), longest});
}

// alpha moved on by `by` states; nothing comes before the first.
Tensor shifted(const Tensor& alpha, int64_t by) {
  return pad(narrow(alpha, 1, 0, alpha.size(1) - by), {by, 0}, "constant", kNever);
}

// log_probs: [T, N, C], targets: [N, S] -> [N]
Tensor ctc_rows(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, int64_t blank) {
  const int64_t steps = log_probs.size(0), batch = log_probs.size(1), labels = targets.size(1);
  const int64_t states = 2 * labels + 1;
  const Tensor blanks = full({batch, labels, 1}, blank, DType::kInt64);
  const Tensor between = reshape(cat({blanks, unsqueeze(targets, 2)}, 2), {batch, 2 * labels});
  const Tensor label = pad(between, {0, 1}, "constant", static_cast<double>(blank));  // [N, states]
  const Tensor ids = expand(unsqueeze(label, 0), {steps, batch, states});
  const Tensor emitted = gather(log_probs, 2, ids);  // [T, N, states]

  const Tensor state = arange(Tensor(states), DType::kInt64);
  Tensor can_skip;
  if (labels > 0) {
    const Tensor two_before =
        pad(narrow(label, 1, 0, states - 2), {2, 0}, "constant", static_cast<double>(blank));
    can_skip = logical_and(ne(label, blank), ne(label, two_before));
  }
  const Tensor inputs = unsqueeze(input_lengths, 1);
  const Tensor nothing = where(eq(state, 0), zeros_like(select(emitted, 0, 0)), kNever);
  Tensor alpha = where(gt(inputs, 0), where(lt(state, 2), select(emitted, 0, 0), kNever), nothing);
  for (int64_t t = 1; t < steps; ++t) {
    Tensor next = alpha;
    if (labels > 0) {
      next = logaddexp(alpha, shifted(alpha, 1));
      next = logaddexp(next, where(can_skip, shifted(alpha, 2), kNever));
    }
    alpha = where(gt(inputs, t), next + select(emitted, 0, t), alpha);
  }
  const Tensor last = unsqueeze(target_lengths, 1) * 2;
  const Tensor in_blank = gather(alpha, 1, last);
  const Tensor in_label = gather(alpha, 1, where(gt(last, 0), last - 1, last));
  return neg(squeeze(where(gt(last, 0), logaddexp(in_blank, in_label), in_blank), int64_t{1}));
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CTCOptions& o) {
  if (!is_floating(log_probs.dtype()))
    fail<TypeError>("ctc_loss: log_probs must be floating; got ", log_probs.dtype());
  if (log_probs.rank() == 2) {
    const Tensor losses = ctc_loss(unsqueeze(log_probs, 1), unsqueeze(targets, 0),
                                   reshape(input_lengths, {1}), reshape(target_lengths, {1}), o);
    return o.reduction == Reduction::kNone ? squeeze(losses, int64_t{0}) : losses;
  }
  if (log_probs.rank() != 3 || log_probs.size(0) == 0)
    fail<ShapeError>("ctc_loss: log_probs must be [T, N, C] or [T, C] with T > 0; got ",
                     log_probs.shape());
  const int64_t batch = log_probs.size(1), classes = log_probs.size(2);
  if (o.blank < 0 || o.blank >= classes)
    fail<IndexError>("ctc_loss: blank is a class id below ", classes, "; got ", o.blank);
  check_labels(targets, classes);
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  check_lengths("target_lengths", target_lengths, batch,
                targets.rank() == 2 ? targets.size(1) : kAny);
  check_lengths("input_lengths", input_lengths, batch, log_probs.size(0));
  const Tensor rows = targets.rank() == 1 ? in_rows(targets, target_lengths) : targets;
  if (rows.rank() != 2 || rows.size(0) != batch)
    fail<ShapeError>("ctc_loss: targets must be [", batch, ", S] or 1-d; got ", targets.shape());

  const bool is_narrow = is_half(log_probs.dtype());
  const Tensor x = is_narrow ? cast(log_probs, DType::kFloat32) : log_probs;
  Tensor losses = ctc_rows(x, rows, input_lengths, target_lengths, o.blank);
  const double instead = o.zero_infinity ? 0 : std::numeric_limits<double>::infinity();
  losses = where(gt(losses, kNever * -0.1), instead, losses);
  if (is_narrow) losses = cast(losses, log_probs.dtype());
  if (o.reduction != Reduction::kMean) return reduced(losses, o.reduction);
  return mean(losses / cast(where(gt(target_lengths, 0), target_lengths, 1), losses.dtype()));
}

}  // namespace rush
