#include "rush/ops/recurrent.h"

#include "rush/core/apply.h"
#include "rush/ops/checks.h"
#include "rush/ops/norm_parts.h"
#include "rush/ops/recurrent_bodies.h"

namespace rush {
namespace {

void check_batch_sizes(const InferCall& c, const std::vector<int64_t>& sizes) {
  int64_t rows = 0, before = sizes[0];
  for (int64_t size : sizes) {
    if (size < 1 || size > before)
      fail<ShapeError>(c.op, ": batch sizes are 1 or more and never grow; got ", before,
                       " and then ", size);
    before = size;
    rows += size;
  }
  if (c.shape(0).size() != 2 || c.shape(0)[0] != rows)
    fail<ShapeError>(c.op, ": x must be [", rows, ", ...], a row for each of the batch sizes; got ",
                     c.shape(0));
}

struct SequenceShapes {
  Shape x;  // all but its last size
  int64_t batch, hidden;

  Shape steps(int64_t columns) const {
    Shape s = x;
    s.push_back(columns * hidden);
    return s;
  }
  Shape state() const { return {batch, hidden}; }
};

// x, weight_hh, and the states before the first step, which begin at input `first_state`.
SequenceShapes check_sequence(const InferCall& c, int64_t gates, const std::vector<int64_t>& sizes,
                              size_t first_state, size_t states) {
  want_floating(c, 0);
  const Shape &x = c.shape(0), &w = c.shape(1);
  want_dtype(c, 1, "weight_hh", c.dtype(0));
  if (w.size() != 2 || w[1] < 1 || w[0] != gates * w[1])
    fail<ShapeError>(c.op, ": weight_hh must be [", gates, " * hidden, hidden]; got ", w);
  if (sizes.empty() && x.size() != 3)
    fail<ShapeError>(c.op, ": x must be [steps, batch, ", gates, " * hidden]; got ", x);
  if (!sizes.empty()) check_batch_sizes(c, sizes);
  if (x.back() != w[0])
    fail<ShapeError>(c.op, ": x must have ", w[0], " columns, as weight_hh ", w, " has rows; got ",
                     x);
  if (x[0] == 0) fail<ShapeError>(c.op, ": sequences have at least one step; x is ", x);
  SequenceShapes s{x, sizes.empty() ? x[1] : sizes[0], w[1]};
  s.x.pop_back();
  for (size_t i = first_state; i < first_state + states; ++i) {
    want_dtype(c, i, i == first_state ? "hx" : "cx", c.dtype(0));
    want_shape(c, i, i == first_state ? "hx" : "cx", s.state());
  }
  return s;
}

void infer_rnn(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 1, c.attributes<RnnAttrs>().batch_sizes, 2, 1);
  c.result(s.steps(1), c.dtype(0));
  c.result(s.state(), c.dtype(0));
}
void infer_lstm(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 4, c.attributes<SequenceAttrs>().batch_sizes, 2, 2);
  c.result(s.steps(1), c.dtype(0));
  c.result(s.state(), c.dtype(0));
  c.result(s.state(), c.dtype(0));
  c.result(s.steps(4), statistics_dtype(c.dtype(0)));
  c.result(s.steps(1), statistics_dtype(c.dtype(0)));
}
void infer_gru(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 3, c.attributes<SequenceAttrs>().batch_sizes, 3, 1);
  want_dtype(c, 2, "bias_hh", c.dtype(0));
  want_shape(c, 2, "bias_hh", {3 * s.hidden});
  c.result(s.steps(1), c.dtype(0));
  c.result(s.state(), c.dtype(0));
  c.result(s.steps(4), statistics_dtype(c.dtype(0)));
}

// What was kept, of `columns` times the hidden size, and arriving gradients: of y, then of states.
void check_arriving(const InferCall& c, const SequenceShapes& s, size_t y, size_t kept,
                    int64_t columns, size_t dy) {
  want_dtype(c, y, "y", c.dtype(0));
  want_shape(c, y, "y", s.steps(1));
  if (columns > 0) {
    want_dtype(c, kept, "kept", statistics_dtype(c.dtype(0)));
    want_shape(c, kept, "kept", s.steps(columns));
  }
  for (size_t i = dy; i < c.in.size(); ++i) {
    want_dtype(c, i, "a gradient", c.dtype(0));
    want_shape(c, i, "a gradient", i == dy ? s.steps(1) : s.state());
  }
}

void infer_rnn_grad(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 1, c.attributes<RnnAttrs>().batch_sizes, 2, 1);
  check_arriving(c, s, 3, 0, 0, 4);
  c.result(c.shape(0), c.dtype(0));
  c.result(c.shape(1), c.dtype(0));
  c.result(s.state(), c.dtype(0));
}
void infer_lstm_grad(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 4, c.attributes<SequenceAttrs>().batch_sizes, 2, 2);
  check_arriving(c, s, 4, 5, 4, 7);
  want_dtype(c, 6, "cells", statistics_dtype(c.dtype(0)));
  want_shape(c, 6, "cells", s.steps(1));
  c.result(c.shape(0), c.dtype(0));
  c.result(c.shape(1), c.dtype(0));
  c.result(s.state(), c.dtype(0));
  c.result(s.state(), c.dtype(0));
}
void infer_gru_grad(InferCall& c) {
  const SequenceShapes s = check_sequence(c, 3, c.attributes<SequenceAttrs>().batch_sizes, 3, 1);
  check_arriving(c, s, 4, 5, 4, 6);
  want_shape(c, 2, "bias_hh", {3 * s.hidden});
  c.result(c.shape(0), c.dtype(0));
  c.result(c.shape(1), c.dtype(0));
  c.result({3 * s.hidden}, c.dtype(0));
  c.result(s.state(), c.dtype(0));
}

// A gradient for an input that may have been left out.
Tensor if_given(const Tensor& input, const Tensor& gradient) {
  return input.defined() ? gradient : Tensor();
}

const Op& kRnnGrad =
    Define("rnn_sequence_grad", "Gradients of rnn_sequence with respect to x, weight_hh and hx.")
        .args({"x", "weight_hh", "hx?", "y", "dy", "dh"})
        .attrs<RnnAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_rnn_grad)
        .body(rnn_grad_body);

const Op& kRnn =
    Define("rnn_sequence",
           "h = tanh(x + W h), or relu, over all steps of x: [steps, batch, hidden], or of packed "
           "sequences. Gives all states and the last ones.")
        .args({"x", "weight_hh", "hx?"})
        .attrs<RnnAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_rnn)
        .body(rnn_body)
        .grads(
            [](Dy dy, DyOf<1> dh, X<0> x, X<1> w, X<2> hx, Y<0> y, const RnnAttrs& a) -> Tensors {
              const Tensors d = apply_multi(kRnnGrad, {x, w, hx, y, dy, dh}, a);
              return {d[0], d[1], if_given(hx, d[2])};
            });

const Op& kLstmGrad =
    Define("lstm_sequence_grad",
           "Gradients of lstm_sequence with respect to x, weight_hh, hx and cx.")
        .args({"x", "weight_hh", "hx?", "cx?", "y", "gates", "cells", "dy", "dh", "dc"})
        .attrs<SequenceAttrs>()
        .outputs(4)
        .floating_only()
        .shape(infer_lstm_grad)
        .body(lstm_grad_body);

const Op& kLstm =
    Define("lstm_sequence",
           "LSTM over all steps of x: [steps, batch, 4 * hidden], the input's share of the gates "
           "i, f, g, o, or of packed sequences. Gives all states, the last states and cells, and "
           "all gates and cells.")
        .args({"x", "weight_hh", "hx?", "cx?"})
        .attrs<SequenceAttrs>()
        .outputs(5)
        .floating_only()
        .shape(infer_lstm)
        .body(lstm_body)
        .grads([](Dy dy, DyOf<1> dh, DyOf<2> dc, X<0> x, X<1> w, X<2> hx, X<3> cx, Y<0> y,
                  Y<3> gates, Y<4> cells, const SequenceAttrs& a) -> Tensors {
          const Tensors d = apply_multi(kLstmGrad, {x, w, hx, cx, y, gates, cells, dy, dh, dc}, a);
          return {d[0], d[1], if_given(hx, d[2]), if_given(cx, d[3])};
        });

const Op& kGruGrad =
    Define("gru_sequence_grad",
           "Gradients of gru_sequence with respect to x, weight_hh, bias_hh and hx.")
        .args({"x", "weight_hh", "bias_hh?", "hx?", "y", "kept", "dy", "dh"})
        .attrs<SequenceAttrs>()
        .outputs(4)
        .floating_only()
        .shape(infer_gru_grad)
        .body(gru_grad_body);

const Op& kGru =
    Define("gru_sequence",
           "GRU over all steps of x: [steps, batch, 3 * hidden], the input's share of the gates "
           "r, z, n, or of packed sequences. Gives all states, the last ones, and what the "
           "gradient needs.")
        .args({"x", "weight_hh", "bias_hh?", "hx?"})
        .attrs<SequenceAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_gru)
        .body(gru_body)
        .grads([](Dy dy, DyOf<1> dh, X<0> x, X<1> w, X<2> bias, X<3> hx, Y<0> y, Y<2> kept,
                  const SequenceAttrs& a) -> Tensors {
          const Tensors d = apply_multi(kGruGrad, {x, w, bias, hx, y, kept, dy, dh}, a);
          return {d[0], d[1], if_given(bias, d[2]), if_given(hx, d[3])};
        });

}  // namespace

SequenceResult rnn_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& hx,
                            const RnnAttrs& options) {
  const Tensors out = apply_multi(kRnn, {x, weight_hh, hx}, options);
  return {out[0], out[1], {}};
}
SequenceResult lstm_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& hx,
                             const Tensor& cx, const SequenceAttrs& options) {
  const Tensors out = apply_multi(kLstm, {x, weight_hh, hx, cx}, options);
  return {out[0], out[1], out[2]};
}
SequenceResult gru_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& bias_hh,
                            const Tensor& hx, const SequenceAttrs& options) {
  const Tensors out = apply_multi(kGru, {x, weight_hh, bias_hh, hx}, options);
  return {out[0], out[1], {}};
}

}  // namespace rush
