// Rows of optimiser steps: the formulas on single numbers. PyTorch's optimisers are compared in the
// tests of optim.
#include <cmath>

#include "rush/ops/cases/op_case.h"
#include "rush/ops/optim_step.h"

namespace rush::testing {
namespace {

const char* const kNoTorch = "PyTorch's steps are objects; optim compares them";

// Rewrites lists of numbers element by element; row k of `v` holds list k.
using Step = std::function<void(double* v)>;

Tensors naive_step(const Tensors& in, const Step& step) {
  Tensors out;
  for (const Tensor& t : in) out.push_back(Tensor::from(t.to_vector(), t.shape()));
  for (int64_t i = 0; i < in[0].numel(); ++i) {
    double v[5] = {};
    for (size_t k = 0; k < in.size(); ++k) v[k] = out[k].data<double>()[i];
    step(v);
    for (size_t k = 0; k < in.size(); ++k) out[k].data<double>()[i] = v[k];
  }
  return out;
}

TensorList one(const Tensors& x, size_t i) { return {&x[i], i < x.size() ? size_t{1} : size_t{0}}; }

OpCase step_row(const char* op, const char* label, size_t lists, const Step& step) {
  OpCase row;
  row.op = op;
  row.label = label;
  for (size_t k = 0; k < lists; ++k) row.in.push_back({{3, 13}, k < 2 ? -1.0 : 0.5, 1, In::kReal});
  row.naive = [step](const Tensors& x) { return naive_step(x, step); };
  row.no_torch = kNoTorch;
  row.tolerance = 3;
  row.deferred = false;
  return row;
}

void add_sgd(CaseList& list) {
  for (bool nesterov : {false, true}) {
    const SgdStepAttrs a{.lr = 0.1,
                         .momentum = 0.9,
                         .dampening = nesterov ? 0 : 0.2,
                         .weight_decay = 0.01,
                         .nesterov = nesterov};
    OpCase row = step_row("sgd_step", nesterov ? "nesterov" : "momentum", 3, [a](double* v) {
      const double d = v[1] + a.weight_decay * v[0];
      v[2] = a.momentum * v[2] + (1 - a.dampening) * d;
      v[0] -= a.lr * (a.nesterov ? d + a.momentum * v[2] : v[2]);
    });
    row.run = [a](const Tensors& x) -> Tensors {
      sgd_step(one(x, 0), one(x, 1), one(x, 2), a);
      return x;
    };
    list.add(row);
  }
}

void adam_formula(const AdamStepAttrs& a, double* v) {
  double g = v[1];
  if (a.decoupled)
    v[0] *= 1 - a.lr * a.weight_decay;
  else
    g += a.weight_decay * v[0];
  v[2] = a.beta1 * v[2] + (1 - a.beta1) * g;
  v[3] = a.beta2 * v[3] + (1 - a.beta2) * g * g;
  if (a.amsgrad) v[4] = std::fmax(v[4], v[3]);
  const double t = static_cast<double>(a.step);
  const double second = (a.amsgrad ? v[4] : v[3]) / (1 - std::pow(a.beta2, t));
  const double root = a.eps_in_root ? std::sqrt(second + a.eps) : std::sqrt(second) + a.eps;
  v[0] -= a.lr * v[2] / (1 - std::pow(a.beta1, t)) / root;
}

void add_adam(CaseList& list) {
  const AdamStepAttrs base{.lr = 0.1, .weight_decay = 0.05, .step = 3};
  AdamStepAttrs decoupled = base, inside = base;
  decoupled.decoupled = true;
  inside.amsgrad = inside.eps_in_root = true;
  const std::pair<const char*, AdamStepAttrs> rows[] = {
      {"Adam", base}, {"AdamW", decoupled}, {"amsgrad, eps in the root", inside}};
  for (const auto& [label, attrs] : rows) {
    const AdamStepAttrs a = attrs;
    OpCase row =
        step_row("adam_step", label, a.amsgrad ? 5 : 4, [a](double* v) { adam_formula(a, v); });
    row.run = [a](const Tensors& x) -> Tensors {
      adam_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), one(x, 4), a);
      return x;
    };
    list.add(row);
  }
}

void add_others(CaseList& list) {
  const RmspropStepAttrs r{.lr = 0.1, .weight_decay = 0.1, .momentum = 0.5};
  OpCase row = step_row("rmsprop_step", "momentum", 4, [r](double* v) {
    const double g = v[1] + r.weight_decay * v[0];
    v[2] = r.alpha * v[2] + (1 - r.alpha) * g * g;
    v[3] = r.momentum * v[3] + g / (std::sqrt(v[2]) + r.eps);
    v[0] -= r.lr * v[3];
  });
  row.run = [r](const Tensors& x) -> Tensors {
    rmsprop_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), {}, r);
    return x;
  };
  list.add(row);
  const AdagradStepAttrs a{.lr = 0.1, .lr_decay = 0.1, .step = 4};
  row = step_row("adagrad_step", "decaying rate", 3, [a](double* v) {
    v[2] += v[1] * v[1];
    v[0] -= a.lr / (1 + 3 * a.lr_decay) * v[1] / (std::sqrt(v[2]) + a.eps);
  });
  row.run = [a](const Tensors& x) -> Tensors {
    adagrad_step(one(x, 0), one(x, 1), one(x, 2), a);
    return x;
  };
  list.add(row);
  row = step_row("scale_list", "", 2, [](double* v) {
    v[0] *= 0.25;
    v[1] *= 0.25;
  });
  row.run = [](const Tensors& x) -> Tensors {
    scale_list({x.data(), x.size()}, 0.25);
    return x;
  };
  list.add(row);
}

// A row of a step with all lists used, whose formula is `f`.
template <typename A, typename Call>
OpCase newer_row(const char* op, size_t lists, const A& attrs, const Step& f, Call call) {
  OpCase row = step_row(op, "", lists, f);
  row.run = [attrs, call](const Tensors& x) -> Tensors {
    call(x, attrs);
    return x;
  };
  return row;
}

void add_adadelta_and_adamax(CaseList& list) {
  const AdadeltaStepAttrs a{.lr = 0.5, .rho = 0.8, .eps = 0.1, .weight_decay = 0.1};
  list.add(newer_row(
      "adadelta_step", 4, a,
      [a](double* v) {
        const double g = v[1] + a.weight_decay * v[0];
        v[2] = a.rho * v[2] + (1 - a.rho) * g * g;
        const double d = std::sqrt(v[3] + a.eps) / std::sqrt(v[2] + a.eps) * g;
        v[3] = a.rho * v[3] + (1 - a.rho) * d * d;
        v[0] -= a.lr * d;
      },
      [](const Tensors& x, const auto& b) {
        adadelta_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), b);
      }));
  const AdamaxStepAttrs m{.step_size = 0.1, .weight_decay = 0.1, .maximize = true};
  list.add(newer_row(
      "adamax_step", 4, m,
      [m](double* v) {
        const double g = m.weight_decay * v[0] - v[1];
        v[2] = m.beta1 * v[2] + (1 - m.beta1) * g;
        v[3] = std::fmax(m.beta2 * v[3], std::fabs(g) + m.eps);
        v[0] -= m.step_size * v[2] / v[3];
      },
      [](const Tensors& x, const auto& b) {
        adamax_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), b);
      }));
}

void add_nadam_and_radam(CaseList& list) {
  const NadamStepAttrs n{.mean_size = 0.1, .gradient_size = 0.2, .correction = 0.5, .shrink = 0.1};
  list.add(newer_row(
      "nadam_step", 4, n,
      [n](double* v) {
        v[2] = n.beta1 * v[2] + (1 - n.beta1) * v[1];
        v[3] = n.beta2 * v[3] + (1 - n.beta2) * v[1] * v[1];
        const double root = std::sqrt(v[3] / n.correction) + n.eps;
        v[0] = v[0] * (1 - n.shrink) - (n.mean_size * v[2] + n.gradient_size * v[1]) / root;
      },
      [](const Tensors& x, const auto& b) {
        nadam_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), b);
      }));
  const RadamStepAttrs r{.step_size = 0.1, .weight_decay = 0.1, .is_adaptive = true};
  list.add(newer_row(
      "radam_step", 4, r,
      [r](double* v) {
        const double g = v[1] + r.weight_decay * v[0];
        v[2] = r.beta1 * v[2] + (1 - r.beta1) * g;
        v[3] = r.beta2 * v[3] + (1 - r.beta2) * g * g;
        v[0] -= r.step_size * v[2] / (std::sqrt(v[3]) + r.eps);
      },
      [](const Tensors& x, const auto& b) {
        radam_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), b);
      }));
}

void add_asgd_and_rprop(CaseList& list) {
  const AsgdStepAttrs a{.eta = 0.1, .lambd = 0.2, .mu = 0.5, .weight_decay = 0.1};
  list.add(newer_row(
      "asgd_step", 3, a,
      [a](double* v) {
        v[0] = v[0] * (1 - a.lambd * a.eta) - a.eta * (v[1] + a.weight_decay * v[0]);
        v[2] += a.mu * (v[0] - v[2]);
      },
      [](const Tensors& x, const auto& b) { asgd_step(one(x, 0), one(x, 1), one(x, 2), b); }));
  const RpropStepAttrs r;
  OpCase row = newer_row(
      "rprop_step", 4, r,
      [r](double* v) {
        const double agreement = v[1] * v[2];
        const double factor = agreement > 0 ? r.eta_plus : agreement < 0 ? r.eta_minus : 1;
        v[3] = std::fmin(std::fmax(v[3] * factor, r.step_min), r.step_max);
        v[2] = agreement < 0 ? 0 : v[1];
        v[0] -= v[2] > 0 ? v[3] : v[2] < 0 ? -v[3] : 0;
      },
      [](const Tensors& x, const auto& b) {
        rprop_step(one(x, 0), one(x, 1), one(x, 2), one(x, 3), b);
      });
  row.in[2].low = -1;
  list.add(row);
}

void add_total_norm(CaseList& list) {
  for (double p : {2.0, 1.0, HUGE_VAL}) {
    OpCase row;
    row.op = "total_norm";
    row.label = p == 2 ? "2" : p == 1 ? "1" : "largest";
    row.in = {{{3, 5}, -2, 2}, {{7}, -2, 2}};
    row.run = [p](const Tensors& x) -> Tensors { return {total_norm({x.data(), x.size()}, p)}; };
    row.naive = [p](const Tensors& in) -> Tensors {
      double sum = 0, high = 0;
      for (const Tensor& t : in)
        for (double v : t.to_vector()) {
          sum += std::pow(std::fabs(v), p);
          high = std::fmax(high, std::fabs(v));
        }
      return {Tensor::scalar(std::isinf(p) ? high : std::pow(sum, 1 / p), float64)};
    };
    row.torch = concat({"torch.nn.utils.get_total_norm([x0, x1], float('",
                        std::isinf(p) ? "inf"
                        : p == 2      ? "2"
                                      : "1",
                        "'))"});
    list.add(row);
  }
}

}  // namespace

void add_optim_cases(CaseList& list) {
  add_sgd(list);
  add_adam(list);
  add_others(list);
  add_adadelta_and_adamax(list);
  add_nadam_and_radam(list);
  add_asgd_and_rprop(list);
  add_total_norm(list);
}

}  // namespace rush::testing
