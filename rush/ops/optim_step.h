// Optimiser steps over lists of tensors, in place: one pass over memory. Lists have one length; the
// tensors of one parameter have its shape and dtype. Nothing is recorded.
#pragma once

#include <span>

#include "rush/kernels/attrs/optim.h"
#include "rush/tensor/tensor.h"

namespace rush {

using TensorList = std::span<const Tensor>;

void sgd_step(TensorList params, TensorList grads, TensorList momentum_buffers,
              const SgdStepAttrs& attrs);
void adam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
               TensorList max_exp_avg_sqs, const AdamStepAttrs& attrs);
void rmsprop_step(TensorList params, TensorList grads, TensorList square_avgs,
                  TensorList momentum_buffers, TensorList grad_avgs, const RmspropStepAttrs& attrs);
void adagrad_step(TensorList params, TensorList grads, TensorList state_sums,
                  const AdagradStepAttrs& attrs);
void adadelta_step(TensorList params, TensorList grads, TensorList square_avgs,
                   TensorList acc_deltas, const AdadeltaStepAttrs& attrs);
void adamax_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_infs,
                 const AdamaxStepAttrs& attrs);
void nadam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                const NadamStepAttrs& attrs);
void radam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                const RadamStepAttrs& attrs);
void rprop_step(TensorList params, TensorList grads, TensorList prevs, TensorList step_sizes,
                const RpropStepAttrs& attrs);
void asgd_step(TensorList params, TensorList grads, TensorList averages,
               const AsgdStepAttrs& attrs);

// How many lists a step takes.
size_t list_count(const SgdStepAttrs& attrs);
size_t list_count(const AdamStepAttrs& attrs);
size_t list_count(const RmspropStepAttrs& attrs);
size_t list_count(const AdagradStepAttrs& attrs);
size_t list_count(const AdadeltaStepAttrs& attrs);
size_t list_count(const AdamaxStepAttrs& attrs);
size_t list_count(const NadamStepAttrs& attrs);
size_t list_count(const RadamStepAttrs& attrs);
size_t list_count(const RpropStepAttrs& attrs);
size_t list_count(const AsgdStepAttrs& attrs);

// The norm of order p > 0 over all elements of all tensors, 0-d; and all of them times a factor.
Tensor total_norm(TensorList tensors, double p = 2);
void scale_list(TensorList tensors, double factor);

}  // namespace rush
