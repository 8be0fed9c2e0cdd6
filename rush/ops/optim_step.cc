#include "rush/ops/optim_step.h"

#include "rush/core/apply.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"

namespace rush {

size_t list_count(const SgdStepAttrs& a) { return a.momentum != 0 ? 3 : 2; }
size_t list_count(const AdamStepAttrs& a) { return a.amsgrad ? 5 : 4; }
size_t list_count(const RmspropStepAttrs& a) { return 3 + (a.momentum != 0) + a.centered; }
size_t list_count(const AdagradStepAttrs&) { return 3; }

namespace {

// Inputs: `lists` lists of equal length, of which all but the gradients are written.
void check_lists(InferCall& c, size_t lists) {
  if (c.in.size() % lists != 0)
    fail<ShapeError>(c.op, ": takes ", lists, " lists of one length; got ", c.in.size(),
                     " tensors");
  const size_t count = c.in.size() / lists;
  for (size_t i = 0; i < count; ++i) {
    want_floating(c, i);
    if (c.dtype(i) != c.dtype(0))
      fail<TypeError>(c.op, ": parameters of one step must have one dtype; got ", c.dtype(0),
                      " and ", c.dtype(i));
    for (size_t k = 1; k < lists; ++k) {
      const size_t j = k * count + i;
      if (!(c.shape(j) == c.shape(i)) || c.dtype(j) != c.dtype(i))
        fail<ShapeError>(c.op, ": parameter ", i, " is ", c.in[i], ", but its tensor in list ", k,
                         " is ", c.in[j]);
    }
  }
}

size_t list_count(const ScaleListAttrs&) { return 1; }

template <typename A>
const Op& define_step(const char* name, const char* doc) {
  return Define(name, doc)
      .args({"tensors*"})
      .template attrs<A>()
      .outputs(0)
      .floating_only()
      .mutates([](size_t i, size_t n, const void* attrs) {
        constexpr size_t kGradients = 1;  // the second list, which is only read
        const size_t count = n / list_count(*static_cast<const A*>(attrs));
        return count == 0 || i / count != kGradients;
      })
      .shape([](InferCall& c) { check_lists(c, list_count(c.attributes<A>())); });
}

const Op& kSgdStep = define_step<SgdStepAttrs>(
    "sgd_step",
    "One step of SGD in place. tensors: parameters, gradients and, with momentum, its buffers.");
const Op& kAdamStep = define_step<AdamStepAttrs>(
    "adam_step",
    "One step of Adam or AdamW in place. tensors: parameters, gradients, first and second moments "
    "and, with amsgrad, the largest second moments.");
const Op& kRmspropStep = define_step<RmspropStepAttrs>(
    "rmsprop_step",
    "One step of RMSprop in place. tensors: parameters, gradients, mean squares, then momentum "
    "buffers and mean gradients where asked for.");
const Op& kAdagradStep = define_step<AdagradStepAttrs>(
    "adagrad_step",
    "One step of Adagrad in place. tensors: parameters, gradients, sums of squares.");
const Op& kScaleList =
    define_step<ScaleListAttrs>("scale_list", "All tensors of a list times a factor, in place.");

const Op& kTotalNorm =
    Define("total_norm", "Norm of order p over all elements of a list of tensors, as one number.")
        .args({"tensors*"})
        .attrs<TotalNormAttrs>()
        .floating_only()
        .shape([](InferCall& c) {
          if (!(c.attributes<TotalNormAttrs>().p > 0))
            fail("total_norm: p must be positive; got ", c.attributes<TotalNormAttrs>().p);
          for (size_t i = 0; i < c.in.size(); ++i) want_floating(c, i);
          c.result({}, c.in.empty() ? default_dtype() : c.dtype(0));
        })
        .grad(nullptr);

// Gradients as steps take them: repeated elements (an expanded gradient) are spelled out.
class Dense {
 public:
  explicit Dense(TensorList list) {
    for (const Tensor& t : list)
      tensors_.push_back(is_dense(t.shape(), t.strides()) ? t : contiguous(t));
  }
  operator TensorList() const { return tensors_; }

 private:
  InlineVec<Tensor, 8> tensors_;
};

// Appends a list; all must be as long as the parameters'.
void append(const char* op, InlineVec<Arg, 24>& all, TensorList list, size_t count,
            bool is_used = true) {
  if (!is_used) return;
  if (list.size() != count)
    fail<ShapeError>(op, ": all lists must be as long as the parameters', ", count, "; got ",
                     list.size());
  for (const Tensor& t : list) {
    if (!t.has_data()) fail(op, ": a symbolic tensor cannot be changed in place");
    all.push_back(t);
  }
}

}  // namespace

void sgd_step(TensorList params, TensorList grads, TensorList momentum_buffers,
              const SgdStepAttrs& a) {
  const NoGrad off;
  InlineVec<Arg, 24> all;
  append("sgd_step", all, params, params.size());
  const Dense dense(grads);
  append("sgd_step", all, dense, params.size());
  append("sgd_step", all, momentum_buffers, params.size(), a.momentum != 0);
  apply_multi(kSgdStep, all, a);
}

void adam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
               TensorList max_exp_avg_sqs, const AdamStepAttrs& a) {
  if (a.step < 1) fail("adam_step: step counts from 1; got ", a.step);
  const NoGrad off;
  InlineVec<Arg, 24> all;
  const Dense dense(grads);
  for (const TensorList& list : {params, TensorList(dense), exp_avgs, exp_avg_sqs})
    append("adam_step", all, list, params.size());
  append("adam_step", all, max_exp_avg_sqs, params.size(), a.amsgrad);
  apply_multi(kAdamStep, all, a);
}

void rmsprop_step(TensorList params, TensorList grads, TensorList square_avgs,
                  TensorList momentum_buffers, TensorList grad_avgs, const RmspropStepAttrs& a) {
  const NoGrad off;
  InlineVec<Arg, 24> all;
  const Dense dense(grads);
  for (const TensorList& list : {params, TensorList(dense), square_avgs})
    append("rmsprop_step", all, list, params.size());
  append("rmsprop_step", all, momentum_buffers, params.size(), a.momentum != 0);
  append("rmsprop_step", all, grad_avgs, params.size(), a.centered);
  apply_multi(kRmspropStep, all, a);
}

void adagrad_step(TensorList params, TensorList grads, TensorList state_sums,
                  const AdagradStepAttrs& a) {
  if (a.step < 1) fail("adagrad_step: step counts from 1; got ", a.step);
  const NoGrad off;
  InlineVec<Arg, 24> all;
  const Dense dense(grads);
  for (const TensorList& list : {params, TensorList(dense), state_sums})
    append("adagrad_step", all, list, params.size());
  apply_multi(kAdagradStep, all, a);
}

Tensor total_norm(TensorList tensors, double p) {
  return apply(kTotalNorm, args_of(tensors), TotalNormAttrs{p});
}

void scale_list(TensorList tensors, double factor) {
  const NoGrad off;
  InlineVec<Arg, 24> all;
  append("scale_list", all, tensors, tensors.size());
  apply_multi(kScaleList, all, ScaleListAttrs{factor});
}

}  // namespace rush
