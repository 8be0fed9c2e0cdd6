// Optimiser steps over lists of tensors, and norms and scales of such lists.
#include "followed_step.h"
#include "function.h"
#include "rows.h"
#include "rush/ops/optim_step.h"

namespace rush::python {
namespace {

using List = std::vector<Tensor>;

void add_common_steps(const Rows& rows) {
  rows.add(
      "sgd_step(params, grads, momentum_buffers, *, lr=1e-3, momentum=0, dampening=0, "
      "weight_decay=0, nesterov=False, maximize=False, first_step=False, lr_in_momentum=False)",
      [](const List& params, const List& grads, const List& buffers, double lr, double momentum,
         double dampening, double weight_decay, bool nesterov, bool maximize, bool first_step,
         bool lr_in_momentum) {
        run_followed([&](const auto& attrs) { sgd_step(params, grads, buffers, attrs); },
                     SgdStepAttrs{.lr = lr,
                                  .momentum = momentum,
                                  .dampening = dampening,
                                  .weight_decay = weight_decay,
                                  .nesterov = nesterov,
                                  .maximize = maximize,
                                  .first_step = first_step,
                                  .lr_in_momentum = lr_in_momentum});
        return Nothing();
      },
      0, "One step of gradient descent for all parameters, in place.");
  rows.add(
      "adam_step(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, *, lr=1e-3, beta1=0.9, "
      "beta2=0.999, eps=1e-8, weight_decay=0, step=1, decoupled=False, amsgrad=False, "
      "maximize=False, eps_in_root=False)",
      [](const List& params, const List& grads, const List& means, const List& squares,
         const List& most, double lr, double beta1, double beta2, double eps, double weight_decay,
         int64_t step, bool decoupled, bool amsgrad, bool maximize, bool eps_in_root) {
        run_followed(
            [&](const auto& attrs) { adam_step(params, grads, means, squares, most, attrs); },
            AdamStepAttrs{.lr = lr,
                          .beta1 = beta1,
                          .beta2 = beta2,
                          .eps = eps,
                          .weight_decay = weight_decay,
                          .step = step,
                          .decoupled = decoupled,
                          .amsgrad = amsgrad,
                          .maximize = maximize,
                          .eps_in_root = eps_in_root});
        return Nothing();
      },
      0, "One step of Adam (decoupled: AdamW) for all parameters, in place.");
  rows.add(
      "rmsprop_step(params, grads, square_avgs, momentum_buffers, grad_avgs, *, lr=1e-2, "
      "alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, maximize=False, "
      "eps_in_root=False, lr_in_momentum=False)",
      [](const List& params, const List& grads, const List& squares, const List& buffers,
         const List& means, double lr, double alpha, double eps, double weight_decay,
         double momentum, bool centered, bool maximize, bool eps_in_root, bool lr_in_momentum) {
        run_followed(
            [&](const auto& attrs) { rmsprop_step(params, grads, squares, buffers, means, attrs); },
            RmspropStepAttrs{.lr = lr,
                             .alpha = alpha,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .momentum = momentum,
                             .centered = centered,
                             .maximize = maximize,
                             .eps_in_root = eps_in_root,
                             .lr_in_momentum = lr_in_momentum});
        return Nothing();
      },
      0, "One step of RMSprop for all parameters, in place.");
}

void add_adaptive_steps(const Rows& rows) {
  rows.add(
      "adagrad_step(params, grads, state_sums, *, lr=1e-2, lr_decay=0, weight_decay=0, eps=1e-10, "
      "step=1, maximize=False)",
      [](const List& params, const List& grads, const List& sums, double lr, double lr_decay,
         double weight_decay, double eps, int64_t step, bool maximize) {
        run_followed([&](const auto& attrs) { adagrad_step(params, grads, sums, attrs); },
                     AdagradStepAttrs{.lr = lr,
                                      .lr_decay = lr_decay,
                                      .weight_decay = weight_decay,
                                      .eps = eps,
                                      .step = step,
                                      .maximize = maximize});
        return Nothing();
      },
      0, "One step of Adagrad for all parameters, in place.");
  rows.add(
      "adadelta_step(params, grads, square_avgs, acc_deltas, *, lr=1, rho=0.9, eps=1e-6, "
      "weight_decay=0, maximize=False)",
      [](const List& params, const List& grads, const List& squares, const List& deltas, double lr,
         double rho, double eps, double weight_decay, bool maximize) {
        run_followed(
            [&](const auto& attrs) { adadelta_step(params, grads, squares, deltas, attrs); },
            AdadeltaStepAttrs{.lr = lr,
                              .rho = rho,
                              .eps = eps,
                              .weight_decay = weight_decay,
                              .maximize = maximize});
        return Nothing();
      },
      0, "One step of Adadelta for all parameters, in place.");
  rows.add(
      "adamax_step(params, grads, exp_avgs, exp_infs, *, step_size=2e-3, beta1=0.9, beta2=0.999, "
      "eps=1e-8, weight_decay=0, maximize=False)",
      [](const List& params, const List& grads, const List& means, const List& most,
         double step_size, double beta1, double beta2, double eps, double weight_decay,
         bool maximize) {
        run_followed([&](const auto& attrs) { adamax_step(params, grads, means, most, attrs); },
                     AdamaxStepAttrs{.step_size = step_size,
                                     .beta1 = beta1,
                                     .beta2 = beta2,
                                     .eps = eps,
                                     .weight_decay = weight_decay,
                                     .maximize = maximize});
        return Nothing();
      },
      0, "One step of Adamax for all parameters, in place; step_size: with its correction.");
  rows.add(
      "nadam_step(params, grads, exp_avgs, exp_avg_sqs, *, mean_size=0, gradient_size=0, "
      "beta1=0.9, beta2=0.999, eps=1e-8, correction=1, weight_decay=0, shrink=0, maximize=False)",
      [](const List& params, const List& grads, const List& means, const List& squares,
         double mean_size, double gradient_size, double beta1, double beta2, double eps,
         double correction, double weight_decay, double shrink, bool maximize) {
        run_followed([&](const auto& attrs) { nadam_step(params, grads, means, squares, attrs); },
                     NadamStepAttrs{.mean_size = mean_size,
                                    .gradient_size = gradient_size,
                                    .beta1 = beta1,
                                    .beta2 = beta2,
                                    .eps = eps,
                                    .correction = correction,
                                    .weight_decay = weight_decay,
                                    .shrink = shrink,
                                    .maximize = maximize});
        return Nothing();
      },
      0, "One step of NAdam for all parameters, in place.");
  rows.add(
      "radam_step(params, grads, exp_avgs, exp_avg_sqs, *, step_size=0, beta1=0.9, beta2=0.999, "
      "eps=1e-8, weight_decay=0, shrink=0, is_adaptive=False, maximize=False)",
      [](const List& params, const List& grads, const List& means, const List& squares,
         double step_size, double beta1, double beta2, double eps, double weight_decay,
         double shrink, bool is_adaptive, bool maximize) {
        run_followed([&](const auto& attrs) { radam_step(params, grads, means, squares, attrs); },
                     RadamStepAttrs{.step_size = step_size,
                                    .beta1 = beta1,
                                    .beta2 = beta2,
                                    .eps = eps,
                                    .weight_decay = weight_decay,
                                    .shrink = shrink,
                                    .is_adaptive = is_adaptive,
                                    .maximize = maximize});
        return Nothing();
      },
      0, "One step of RAdam for all parameters, in place.");
}

void add_other_steps(const Rows& rows) {
  rows.add(
      "rprop_step(params, grads, prevs, step_sizes, *, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, "
      "step_max=50, maximize=False)",
      [](const List& params, const List& grads, const List& prevs, const List& sizes,
         double eta_minus, double eta_plus, double step_min, double step_max, bool maximize) {
        run_followed([&](const auto& attrs) { rprop_step(params, grads, prevs, sizes, attrs); },
                     RpropStepAttrs{.eta_minus = eta_minus,
                                    .eta_plus = eta_plus,
                                    .step_min = step_min,
                                    .step_max = step_max,
                                    .maximize = maximize});
        return Nothing();
      },
      0, "One step of Rprop for all parameters, in place.");
  rows.add(
      "asgd_step(params, grads, averages, *, eta=1e-2, lambd=1e-4, mu=1, weight_decay=0, "
      "maximize=False)",
      [](const List& params, const List& grads, const List& averages, double eta, double lambd,
         double mu, double weight_decay, bool maximize) {
        run_followed([&](const auto& attrs) { asgd_step(params, grads, averages, attrs); },
                     AsgdStepAttrs{.eta = eta,
                                   .lambd = lambd,
                                   .mu = mu,
                                   .weight_decay = weight_decay,
                                   .maximize = maximize});
        return Nothing();
      },
      0, "One step of averaged gradient descent for all parameters, in place.");
}

}  // namespace

void add_optim_rows() {
  const Rows rows("optim");
  add_common_steps(rows);
  add_adaptive_steps(rows);
  add_other_steps(rows);
  rows.add(
      "total_norm(tensors, p=2)",
      [](const List& tensors, double p) { return total_norm(tensors, p); }, 0,
      "The p-norm over all elements of all tensors, 0-d.");
  rows.add(
      "scale_list(tensors, factor)",
      [](const List& tensors, double factor) {
        scale_list(tensors, factor);
        return Nothing();
      },
      0, "All tensors times a factor, in place.");
}

}  // namespace rush::python
