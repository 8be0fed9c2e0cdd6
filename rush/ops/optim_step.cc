#include "rush/ops/optim_step.h"

#include "rush/core/apply.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"

namespace rush {

size_t list_count(const SgdStepAttrs& a) { return a.momentum != 0 ? 3 : 2; }
size_t list_count(const AdamStepAttrs& a) { return a.amsgrad ? 5 : 4; }
size_t list_count(const RmspropStepAttrs& a) { return 3 + (a.momentum != 0) + a.centered; }
size_t list_count(const AdagradStepAttrs&) { return 3; }
size_t list_count(const AdadeltaStepAttrs&) { return 4; }
size_t list_count(const AdamaxStepAttrs&) { return 4; }
size_t list_count(const NadamStepAttrs&) { return 4; }
size_t list_count(const RadamStepAttrs&) { return 4; }
size_t list_count(const RpropStepAttrs&) { return 4; }
size_t list_count(const AsgdStepAttrs&) { return 3; }

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
const Op& kAdadeltaStep =
    define_step<AdadeltaStepAttrs>("adadelta_step",
                                   "One step of Adadelta in place. tensors: parameters, gradients, "
                                   "mean squares of gradients and of steps.");
const Op& kAdamaxStep =
    define_step<AdamaxStepAttrs>("adamax_step",
                                 "One step of Adamax in place. tensors: parameters, gradients, "
                                 "first moments and largest gradients.");
const Op& kNadamStep = define_step<NadamStepAttrs>(
    "nadam_step",
    "One step of NAdam in place. tensors: parameters, gradients, first and second moments.");
const Op& kRadamStep = define_step<RadamStepAttrs>(
    "radam_step",
    "One step of RAdam in place. tensors: parameters, gradients, first and second moments.");
const Op& kRpropStep =
    define_step<RpropStepAttrs>("rprop_step",
                                "One step of Rprop in place. tensors: parameters, gradients, "
                                "gradients before and sizes of steps.");
const Op& kAsgdStep = define_step<AsgdStepAttrs>(
    "asgd_step",
    "One step of averaged SGD in place. tensors: parameters, gradients and averaged parameters.");
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

// Runs a step whose lists are all used: parameters, gradients, states.
template <typename A>
void run_step(const Op& op, std::initializer_list<TensorList> lists, const A& attrs) {
  const NoGrad off;
  InlineVec<Arg, 24> all;
  const TensorList* list = lists.begin();
  const size_t count = list[0].size();
  const Dense dense(list[1]);
  for (size_t k = 0; k < lists.size(); ++k)
    append(op.name.c_str(), all, k == 1 ? TensorList(dense) : list[k], count);
  apply_multi(op, all, attrs);
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

void adadelta_step(TensorList params, TensorList grads, TensorList square_avgs,
                   TensorList acc_deltas, const AdadeltaStepAttrs& a) {
  run_step(kAdadeltaStep, {params, grads, square_avgs, acc_deltas}, a);
}

void adamax_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_infs,
                 const AdamaxStepAttrs& a) {
  run_step(kAdamaxStep, {params, grads, exp_avgs, exp_infs}, a);
}

void nadam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                const NadamStepAttrs& a) {
  run_step(kNadamStep, {params, grads, exp_avgs, exp_avg_sqs}, a);
}

void radam_step(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs,
                const RadamStepAttrs& a) {
  run_step(kRadamStep, {params, grads, exp_avgs, exp_avg_sqs}, a);
}

void rprop_step(TensorList params, TensorList grads, TensorList prevs, TensorList step_sizes,
                const RpropStepAttrs& a) {
  run_step(kRpropStep, {params, grads, prevs, step_sizes}, a);
}

void asgd_step(TensorList params, TensorList grads, TensorList averages, const AsgdStepAttrs& a) {
  run_step(kAsgdStep, {params, grads, averages}, a);
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
