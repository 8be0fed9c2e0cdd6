#include "rush/ops/recurrent_bodies.h"

#include "rush/kernels/attrs/recurrent.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/recurrent.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

using Steps = std::vector<Tensor>;  // a tensor for every step, [rows, ...]
using State = std::vector<Tensor>;  // h, or h and c

Steps steps_of(const Tensor& x, const std::vector<int64_t>& batch_sizes) {
  const Tensors parts = batch_sizes.empty() ? unbind(x) : split(x, batch_sizes);
  return {parts.begin(), parts.end()};
}
Tensor joined(const Steps& steps, const std::vector<int64_t>& batch_sizes) {
  return batch_sizes.empty() ? stack(steps) : cat(steps);
}
// The rows of all steps one after another.
Tensor rows_of(const Steps& steps) { return cat(steps); }

State first_rows(const State& state, int64_t count) {
  State part;
  for (const Tensor& s : state) part.push_back(s.size(0) == count ? s : narrow(s, 0, 0, count));
  return part;
}
State other_rows(const State& state, int64_t count) {
  State part;
  for (const Tensor& s : state) part.push_back(narrow(s, 0, count, s.size(0) - count));
  return part;
}
State under(const State& upper, const State& lower) {
  State both;
  for (size_t i = 0; i < upper.size(); ++i) both.push_back(cat({upper[i], lower[i]}));
  return both;
}

// Takes a state through all steps, in order or from the last to the first: step(t, state) gives the
// next one. Sequences that are not running yet wait in `initial`, those that have ended keep their
// last state; returns all last states. Gradients go the other way in the same manner.
template <class Step>
State walk(const Steps& x, bool backwards, const State& initial, const Step& step) {
  const size_t count = x.size();
  State state = first_rows(initial, x[backwards ? count - 1 : 0].size(0));
  std::vector<State> ended;
  for (size_t k = 0; k < count; ++k) {
    const size_t t = backwards ? count - 1 - k : k;
    const int64_t rows = x[t].size(0), running = state[0].size(0);
    if (rows < running) {
      ended.push_back(other_rows(state, rows));
      state = first_rows(state, rows);
    } else if (rows > running) {
      state = under(state, other_rows(first_rows(initial, rows), running));
    }
    state = step(t, state);
  }
  for (; !ended.empty(); ended.pop_back()) state = under(state, ended.back());
  return state;
}

// A state to start from: as given, or zeros like the first columns of x's first step.
Tensor start(const Tensor& given, const Tensor& first, int64_t hidden) {
  return given.defined() ? given : zeros_like(narrow(first, 1, 0, hidden));
}

// dw = sum of dg^T (state before), over all steps.
Tensor weight_gradient(const Steps& dg, const Steps& before) {
  return matmul(t(rows_of(dg)), rows_of(before));
}

struct RnnRun {
  Steps before, y;
  State last;
};
RnnRun run_rnn(const Steps& x, const Tensor& weight, const Tensor& hx, const RnnAttrs& a) {
  RnnRun run{Steps(x.size()), Steps(x.size()), {}};
  run.last = walk(x, a.reverse, {start(hx, x[0], weight.size(1))}, [&](size_t t, const State& s) {
    const Tensor sum = x[t] + matmul(s[0], rush::t(weight));
    run.before[t] = s[0];
    run.y[t] = a.relu ? relu(sum) : tanh(sum);
    return State{run.y[t]};
  });
  return run;
}

struct LstmRun {
  Steps h_before, c_before, in, forget, fresh, out, c, y;
  State last;
};
// With `projection`, the state is a projection of what the cell gives.
LstmRun run_lstm(const Steps& x, const Tensor& weight, const State& initial, bool reverse,
                 const Tensor& projection = {}) {
  const Steps none(x.size());
  LstmRun run{none, none, none, none, none, none, none, none, {}};
  run.last = walk(x, reverse, initial, [&](size_t t, const State& s) {
    const Tensors gates = chunk(x[t] + matmul(s[0], rush::t(weight)), 4, 1);
    run.h_before[t] = s[0];
    run.c_before[t] = s[1];
    run.in[t] = sigmoid(gates[0]);
    run.forget[t] = sigmoid(gates[1]);
    run.fresh[t] = tanh(gates[2]);
    run.out[t] = sigmoid(gates[3]);
    run.c[t] = run.forget[t] * s[1] + run.in[t] * run.fresh[t];
    run.y[t] = run.out[t] * tanh(run.c[t]);
    if (projection.defined()) run.y[t] = linear(run.y[t], projection);
    return State{run.y[t], run.c[t]};
  });
  return run;
}

struct GruRun {
  Steps before, r, z, product, fresh, y;
  State last;
};
GruRun run_gru(const Steps& x, const Tensor& weight, const Tensor& bias, const Tensor& hx,
               bool reverse) {
  const Steps none(x.size());
  GruRun run{none, none, none, none, none, none, {}};
  run.last = walk(x, reverse, {start(hx, x[0], weight.size(1))}, [&](size_t t, const State& s) {
    const Tensors from_x = chunk(x[t], 3, 1), from_h = chunk(linear(s[0], weight, bias), 3, 1);
    run.before[t] = s[0];
    run.r[t] = sigmoid(from_x[0] + from_h[0]);
    run.z[t] = sigmoid(from_x[1] + from_h[1]);
    run.product[t] = from_h[2];
    run.fresh[t] = tanh(from_x[2] + run.r[t] * from_h[2]);
    run.y[t] = run.fresh[t] + run.z[t] * (s[0] - run.fresh[t]);
    return State{run.y[t]};
  });
  return run;
}

const SequenceAttrs& sequence(const void* attrs) {
  return *static_cast<const SequenceAttrs*>(attrs);
}

// What a record keeps for its gradient is in float32 for half-width types.
Tensor kept(const Tensor& x) { return is_half(x.dtype()) ? cast(x, DType::kFloat32) : x; }

}  // namespace

Tensors rnn_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const RnnAttrs*>(attrs);
  const RnnRun run = run_rnn(steps_of(in[0], a.batch_sizes), in[1], in[2], a);
  return {joined(run.y, a.batch_sizes), run.last[0]};
}

Tensors rnn_grad_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const RnnAttrs*>(attrs);
  const Tensor &weight = in[1], &hx = in[2];
  const Steps x = steps_of(in[0], a.batch_sizes), dy = steps_of(in[4], a.batch_sizes);
  const RnnRun run = run_rnn(x, weight, hx, a);
  Steps dx(x.size());
  const State first = walk(x, !a.reverse, {in[5]}, [&](size_t t, const State& dh) {
    const Tensor& y = run.y[t];
    const Tensor slope = a.relu ? cast(gt(y, 0), y.dtype()) : 1 - square(y);
    dx[t] = (dh[0] + dy[t]) * slope;
    return State{matmul(dx[t], weight)};
  });
  return {joined(dx, a.batch_sizes), weight_gradient(dx, run.before), first[0]};
}

Tensors lstm_body(std::span<const Tensor> in, const void* attrs) {
  const auto& [reverse, sizes] = sequence(attrs);
  const Steps x = steps_of(in[0], sizes);
  const int64_t n = in[1].size(1);
  const LstmRun run = run_lstm(x, in[1], {start(in[2], x[0], n), start(in[3], x[0], n)}, reverse);
  Steps gates;
  for (size_t t = 0; t < x.size(); ++t)
    gates.push_back(cat({run.in[t], run.forget[t], run.fresh[t], run.out[t]}, 1));
  return {joined(run.y, sizes), run.last[0], run.last[1], kept(joined(gates, sizes)),
          kept(joined(run.c, sizes))};
}

Tensors lstm_grad_body(std::span<const Tensor> in, const void* attrs) {
  const auto& [reverse, sizes] = sequence(attrs);
  const Tensor& weight = in[1];
  const int64_t n = weight.size(1);
  const Steps x = steps_of(in[0], sizes), dy = steps_of(in[7], sizes);
  const LstmRun run = run_lstm(x, weight, {start(in[2], x[0], n), start(in[3], x[0], n)}, reverse);
  Steps dx(x.size());
  const State first = walk(x, !reverse, {in[8], in[9]}, [&](size_t t, const State& d) {
    const Tensor &i = run.in[t], &f = run.forget[t], &g = run.fresh[t], &o = run.out[t];
    const Tensor dh = d[0] + dy[t], out = tanh(run.c[t]);
    const Tensor dc = d[1] + dh * o * (1 - square(out));
    dx[t] = cat({dc * g * i * (1 - i), dc * run.c_before[t] * f * (1 - f), dc * i * (1 - square(g)),
                 dh * out * o * (1 - o)},
                1);
    return State{matmul(dx[t], weight), dc * f};
  });
  return {joined(dx, sizes), weight_gradient(dx, run.h_before), first[0], first[1]};
}

Tensors gru_body(std::span<const Tensor> in, const void* attrs) {
  const auto& [reverse, sizes] = sequence(attrs);
  const GruRun run = run_gru(steps_of(in[0], sizes), in[1], in[2], in[3], reverse);
  Steps gates;
  for (size_t t = 0; t < run.y.size(); ++t)
    gates.push_back(cat({run.r[t], run.z[t], run.product[t], run.fresh[t]}, 1));
  return {joined(run.y, sizes), run.last[0], kept(joined(gates, sizes))};
}

Tensors gru_grad_body(std::span<const Tensor> in, const void* attrs) {
  const auto& [reverse, sizes] = sequence(attrs);
  const Tensor& weight = in[1];
  const Steps x = steps_of(in[0], sizes), dy = steps_of(in[6], sizes);
  const GruRun run = run_gru(x, weight, in[2], in[3], reverse);
  Steps dx(x.size()), dg(x.size());
  const State first = walk(x, !reverse, {in[7]}, [&](size_t t, const State& d) {
    const Tensor &r = run.r[t], &z = run.z[t], &n = run.fresh[t];
    const Tensor dh = d[0] + dy[t];
    const Tensor dn = dh * (1 - z) * (1 - square(n));
    const Tensor dz = dh * (run.before[t] - n) * z * (1 - z);
    const Tensor dr = dn * run.product[t] * r * (1 - r);
    dx[t] = cat({dr, dz, dn}, 1);
    dg[t] = cat({dr, dz, dn * r}, 1);
    return State{dh * z + matmul(dg[t], weight)};
  });
  return {joined(dx, sizes), weight_gradient(dg, run.before), sum(rows_of(dg), {0}), first[0]};
}

SequenceResult lstm_projected_sequence(const Tensor& x, const Tensor& weight_hh,
                                       const Tensor& weight_hr, const Tensor& hx, const Tensor& cx,
                                       const SequenceAttrs& options) {
  const Steps steps = steps_of(x, options.batch_sizes);
  const State initial{start(hx, steps[0], weight_hr.size(0)),
                      start(cx, steps[0], weight_hr.size(1))};
  const LstmRun run = run_lstm(steps, weight_hh, initial, options.reverse, weight_hr);
  return {joined(run.y, options.batch_sizes), run.last[0], run.last[1]};
}

}  // namespace rush
