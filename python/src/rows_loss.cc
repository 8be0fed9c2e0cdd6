// Losses of elements and classes, as torch.nn.functional has them.
#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/likelihood_loss.h"
#include "rush/ops/loss.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

using Flag = std::optional<bool>;

// Both in one shape and dtype. Shapes that differ are broadcast, which is seldom what was meant.
struct Pair {
  Tensor x, target;
};
Pair joined(const Tensor& x, const Tensor& target) {
  Pair p{x, target};
  if (x.shape() != target.shape()) {
    warn(concat({"Using a target size (", to_text(target.shape()),
                 ") that is different to the input size (", to_text(x.shape()),
                 "). This will likely lead to incorrect results due to broadcasting. Please "
                 "ensure they have the same size."}));
    const Tensors wide = broadcast_tensors({x, target});
    p = {wide[0], wide[1]};
  }
  const DType t = promote(x.dtype(), target.dtype());
  return {p.x.to(t), p.target.to(t)};
}

// Each loss times a weight; the mean is over the weights' sum, or over the count.
Tensor weighted(const char* op, const Tensor& losses, const Tensor& x, const Tensor& weight,
                Reduction reduction, bool over_weights) {
  if (weight.shape() != x.shape())
    fail<ShapeError>(op, ": weight must have the shape of input, ", x.shape(), "; got ",
                     weight.shape());
  const Tensor each = losses * weight;
  if (reduction != Reduction::kMean) return reduced(each, reduction);
  return over_weights ? sum(each) / sum(weight) : mean(each);
}

void add_distances(const Rows& nn) {
  nn.add(
      "mse_loss(input, target, size_average=None, reduce=None, reduction='mean', weight=None)",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, Reduction reduction,
         const Maybe& weight) {
        reduction = reduction_of(average, reduce, reduction);
        const Pair p = joined(x, target);
        if (!weight.defined()) return mse_loss(p.x, p.target, reduction);
        return weighted("mse_loss", square(p.x - p.target), x, weight, reduction, true);
      },
      kFullPrecision);
  nn.add(
      "l1_loss(input, target, size_average=None, reduce=None, reduction='mean', weight=None)",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, Reduction reduction,
         const Maybe& weight) {
        reduction = reduction_of(average, reduce, reduction);
        const Pair p = joined(x, target);
        if (!weight.defined()) return l1_loss(p.x, p.target, reduction);
        return weighted("l1_loss", abs(p.x - p.target), x, weight, reduction, true);
      },
      kFullPrecision, "Absolute differences, their mean or sum.");
  nn.add(
      "smooth_l1_loss(input, target, size_average=None, reduce=None, reduction='mean', "
      "beta=1.0)",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, Reduction reduction,
         double beta) {
        reduction = reduction_of(average, reduce, reduction);
        const Pair p = joined(x, target);
        return smooth_l1_loss(p.x, p.target, reduction, beta);
      },
      kFullPrecision, "Squared differences over 2 beta below beta, else absolute ones - beta / 2.");
  nn.add(
      "huber_loss(input, target, reduction='mean', delta=1.0, weight=None)",
      [](const Tensor& x, const Tensor& target, Reduction reduction, double delta,
         const Maybe& weight) {
        const Pair p = joined(x, target);
        if (!weight.defined()) return huber_loss(p.x, p.target, reduction, delta);
        const Tensor each = huber_loss(p.x, p.target, Reduction::kNone, delta);
        return weighted("huber_loss", each, x, weight, reduction, false);
      },
      kFullPrecision, "Half the squared differences below delta, else delta times absolute ones.");
}

void add_class_losses(const Rows& nn) {
  nn.add(
      "cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, "
      "reduce=None, reduction='mean', label_smoothing=0.0)",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, Flag average,
         int64_t ignore_index, Flag reduce, Reduction reduction, double smoothing) {
        return cross_entropy(x, target,
                             {.weight = weight,
                              .ignore_index = ignore_index,
                              .label_smoothing = smoothing,
                              .reduction = reduction_of(average, reduce, reduction)});
      },
      kFullPrecision,
      "-log softmax(input) at the target: class ids [N, ...], or probabilities in the shape of "
      "input [N, C, ...].");
  nn.add(
      "nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, Flag average,
         int64_t ignore_index, Flag reduce, Reduction reduction) {
        return nll_loss(x, target, weight, ignore_index, reduction_of(average, reduce, reduction));
      },
      kFullPrecision, "-input at the target's class ids; input: log-probabilities [N, C, ...].");
  nn.add(
      "linear_cross_entropy(input, linear_weight, target, *, linear_bias=None, weight=None, "
      "reduction='mean', ignore_index=None, label_smoothing=0.0, options=None)",
      [](const Tensor& x, const Tensor& matrix, const Tensor& target, const Maybe& bias,
         const Maybe& weight, Reduction reduction, std::optional<int64_t> ignore_index,
         double smoothing, const std::optional<bool>&) {
        return cross_entropy(linear(x, matrix, bias), target,
                             {.weight = weight,
                              .ignore_index = ignore_index.value_or(-100),
                              .label_smoothing = smoothing,
                              .reduction = reduction});
      },
      0, "cross_entropy of linear(input, linear_weight, linear_bias).");
}

void add_binary_losses(const Rows& nn) {
  nn.add(
      "binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, Flag average, Flag reduce,
         Reduction reduction) {
        return binary_cross_entropy(x, target, weight, reduction_of(average, reduce, reduction));
      },
      kFullPrecision);
  nn.add(
      "binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, "
      "reduce=None, reduction='mean', pos_weight=None)",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, Flag average, Flag reduce,
         Reduction reduction, const Maybe& pos_weight) {
        return binary_cross_entropy_with_logits(
            x, target, weight, reduction_of(average, reduce, reduction), pos_weight);
      },
      kFullPrecision,
      "binary_cross_entropy of sigmoid(input), without overflow. pos_weight: what a positive "
      "target counts.");
}

// PyTorch's gradient counts as if log_probs were scores below log_softmax: the sum over classes of
// the probabilities, which is 1, counts too. The term adds nothing to the loss.
Tensor scores_term(const Tensor& log_probs, const Tensor& losses, const Tensor& lengths) {
  const Tensor logs = log_probs.rank() == 2 ? unsqueeze(log_probs, 1) : log_probs;
  const Tensor step = unsqueeze(arange(Tensor(logs.size(0)), DType::kInt64), 1);
  const Tensor runs = lt(step, reshape(lengths, {1, -1})).to(logs.dtype());  // [T, N]
  const Tensor total = reshape(sum(sum(exp(logs), {2}) * runs, {0}), losses.shape());
  return total - total.detach();
}

Tensor ctc(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
           const Tensor& target_lengths, const CTCOptions& options) {
  if (!grad_enabled() || !log_probs.requires_grad())
    return ctc_loss(log_probs, targets, input_lengths, target_lengths, options);
  CTCOptions each = options;
  each.reduction = Reduction::kNone;
  Tensor losses = ctc_loss(log_probs, targets, input_lengths, target_lengths, each);
  const Tensor term = scores_term(log_probs, losses, input_lengths);
  losses = losses + (options.zero_infinity ? where(eq(losses.detach(), 0), 0.0, term) : term);
  if (options.reduction == Reduction::kMean)
    losses = losses / clamp(reshape(target_lengths, losses.shape()), 1).to(losses.dtype());
  return reduced(losses, options.reduction);
}

void add_likelihoods(const Rows& nn) {
  nn.add(
      "kl_div(input, target, size_average=None, reduce=None, reduction='mean', "
      "log_target=False)",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, const std::string& name,
         bool log_target) {
        // The only loss with a fourth reduction: the sum over the first axis' size.
        if (name == "batchmean" && !average && !reduce) {
          const double batch = static_cast<double>(x.rank() == 0 ? 1 : x.size(0));
          return kl_div(x, target, Reduction::kSum, log_target) / batch;
        }
        const Reduction reduction = reduction_named(name);
        return kl_div(x, target, reduction_of(average, reduce, reduction), log_target);
      },
      kFullPrecision,
      "target (log target - input); input: log-probabilities. 'batchmean': the sum over the "
      "first axis' size, which is the divergence.");
  nn.add(
      "poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, "
      "eps=1e-08, reduce=None, reduction='mean')",
      [](const Tensor& x, const Tensor& target, bool log_input, bool full, Flag average, double eps,
         Flag reduce, Reduction reduction) {
        return poisson_nll_loss(x, target,
                                {.log_input = log_input,
                                 .full = full,
                                 .eps = eps,
                                 .reduction = reduction_of(average, reduce, reduction)});
      },
      kFullPrecision, "-log of a Poisson distribution's probability of target.");
  nn.add(
      "gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction='mean')",
      [](const Tensor& x, const Tensor& target, const Operand& var, bool full, double eps,
         Reduction reduction) {
        Tensor variance = var;
        if (var.is_weak()) variance = expand(Tensor::scalar(var.item(), x.dtype()), x.shape());
        return gaussian_nll_loss(x, target, variance,
                                 {.full = full, .eps = eps, .reduction = reduction});
      },
      0, "-log of a normal distribution's density at target.");
  nn.add(
      "ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', "
      "zero_infinity=False)",
      [](const Tensor& log_probs, const Tensor& targets, const Lengths& input_lengths,
         const Lengths& target_lengths, int64_t blank, Reduction reduction, bool zero_infinity) {
        return ctc(log_probs, targets.to(DType::kInt64), input_lengths.tensor,
                   target_lengths.tensor,
                   {.blank = blank, .reduction = reduction, .zero_infinity = zero_infinity});
      },
      kFullPrecision,
      "Connectionist temporal classification: -log of the sum over all ways of writing targets "
      "into the steps of log_probs [T, N, C].");
}

// The names of torch, whose reductions are numbers.
void add_to_torch(const Rows& torch) {
  constexpr unsigned kFlags = kFunctionOnly | kFullPrecision;
  torch.add(
      "kl_div(input, target, reduction=0, *, log_target=False)",
      [](const Tensor& x, const Tensor& target, int64_t reduction, bool log_target) {
        return kl_div(x, target, reduction_of(reduction), log_target);
      },
      kFlags);
  torch.add(
      "binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, reduction=0)",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, const Maybe& pos_weight,
         int64_t reduction) {
        return binary_cross_entropy_with_logits(x, target, weight, reduction_of(reduction),
                                                pos_weight);
      },
      kFlags);
  torch.add(
      "poisson_nll_loss(input, target, log_input, full, eps, reduction)",
      [](const Tensor& x, const Tensor& target, bool log_input, bool full, double eps,
         int64_t reduction) {
        return poisson_nll_loss(x, target,
                                {.log_input = log_input,
                                 .full = full,
                                 .eps = eps,
                                 .reduction = reduction_of(reduction)});
      },
      kFlags);
  torch.add(
      "ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction=0, "
      "zero_infinity=False)",
      [](const Tensor& log_probs, const Tensor& targets, const Lengths& input_lengths,
         const Lengths& target_lengths, int64_t blank, int64_t reduction, bool zero_infinity) {
        return ctc(
            log_probs, targets.to(DType::kInt64), input_lengths.tensor, target_lengths.tensor,
            {.blank = blank, .reduction = reduction_of(reduction), .zero_infinity = zero_infinity});
      },
      kFlags);
}

}  // namespace

void add_loss_rows() {
  add_to_torch(Rows("torch"));
  const Rows nn("nn");
  add_distances(nn);
  add_class_losses(nn);
  add_binary_losses(nn);
  add_likelihoods(nn);
}

}  // namespace rush::python
