// Recurrent layers over whole sequences, and their gradients.
//
// x holds every step's share of the input already, made by one product before; what is left goes
// through time: a product of the state with the recurrent weights, packed once, and the arithmetic
// of the gates (recurrent_steps.cc). Sequences do not depend on each other, so every thread takes
// some rows of the batch through all steps and nobody waits; with fewer rows than threads these
// share out the hidden units of each step. A row's bits do not depend on it.
// Backward, the gradient of the state goes through time in the same way, and the weights' gradient
// is one product over all steps.
#include "rush/kernels/attrs/recurrent.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/recurrent_kernels.h"
#include "rush/kernels/cpu/recurrent_sequence.h"

namespace rush::kernels::cpu {
namespace {

template <typename T>
void rnn_sequence(const Call& call) {
  const auto& attrs = call.attributes<RnnAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> x(call.in[0]), weight(call.in[1]);
  const Initial<T> hx(call.in[2], s);
  const Result<T> y(call.out[0]), last(call.out[1]);
  const int64_t n = s.hidden;
  const StepProduct<T> product(s, n, n, weight.data(), 1, n);
  s.for_steps(n * n, [&](const Part& p, Units units) {
    T* to = y.data() + p.at * n;
    product.multiply(p.rows, p.state(y.data(), hx.data(), n), to, n, x.data() + p.at * n, n, units);
    run_step(RnnStep<T>{p.rows, n, units, attrs.relu, to});
  });
  s.copy_last(y.data(), last.data());
  y.finish();
  last.finish();
}

// in: x, weight, hx, y, dy, dhy; out: dx, dweight, dhx.
template <typename T>
void rnn_sequence_grad(const Call& call) {
  const auto& attrs = call.attributes<RnnAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> weight(call.in[1]), hx(call.in[2]), y(call.in[3]), dy(arriving(call.in[4])),
      dhy(arriving(call.in[5]));
  const Result<T> dx(call.out[0]), dweight(call.out[1]), dh(call.out[2]);
  const int64_t n = s.hidden;
  const StepProduct<T> product(s, n, n, weight.data(), n, 1);
  s.start(dhy.data(), dh.data());
  s.for_rows(n * n, [&](int64_t begin, int64_t end) {
    s.backward(begin, end, [&](const Part& p) {
      T *of_state = dh.data() + p.begin * n, *of_x = dx.data() + p.at * n;
      run_step(RnnStepGrad<T>{p.rows, n, attrs.relu, y.data() + p.at * n, dy.row(p.at * n),
                              of_state, of_x});
      product.multiply(p.rows, of_x, of_state, n, nullptr, 0, {0, n});
    });
  });
  weight_gradient(s, n, dx.data(), y.data(), hx.data(), dweight.data());
  for (const Result<T>* r : {&dx, &dweight, &dh}) r->finish();
}

// out: y, the last state, the last cells, the gates, all cells.
template <typename T>
void lstm_sequence(const Call& call) {
  const auto& attrs = call.attributes<SequenceAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> x(call.in[0]), weight(call.in[1]);
  const Initial<T> hx(call.in[2], s), cx(call.in[3], s);
  const Result<T> y(call.out[0]), last_h(call.out[1]), last_c(call.out[2]), kept(call.out[3]),
      c(call.out[4]);
  const int64_t n = s.hidden, gates = 4 * n;
  const StepProduct<T> product(s, n, gates, weight.data(), 1, n);
  s.for_steps(n * gates, [&](const Part& p, Units units) {
    T* to = kept.data() + p.at * gates;
    product.multiply(p.rows, p.state(y.data(), hx.data(), n), to, gates, x.data() + p.at * gates,
                     gates, units);
    run_step(LstmStep<T>{p.rows, n, units, to, p.state(c.data(), cx.data(), n), c.data() + p.at * n,
                         y.data() + p.at * n});
  });
  s.copy_last(y.data(), last_h.data());
  s.copy_last(c.data(), last_c.data());
  for (const Result<T>* r : {&y, &last_h, &last_c, &kept, &c}) r->finish();
}

// in: x, weight, hx, cx, y, gates, cells, dy, dhy, dcy; out: dx, dweight, dhx, dcx.
template <typename T>
void lstm_sequence_grad(const Call& call) {
  const auto& attrs = call.attributes<SequenceAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> weight(call.in[1]), hx(call.in[2]), y(call.in[4]), kept(call.in[5]),
      c(call.in[6]), dy(arriving(call.in[7])), dhy(arriving(call.in[8])), dcy(arriving(call.in[9]));
  const Initial<T> cx(call.in[3], s);
  const Result<T> dx(call.out[0]), dweight(call.out[1]), dh(call.out[2]), dc(call.out[3]);
  const int64_t n = s.hidden, gates = 4 * n;
  const StepProduct<T> product(s, gates, n, weight.data(), n, 1);
  s.start(dhy.data(), dh.data());
  s.start(dcy.data(), dc.data());
  s.for_rows(n * gates, [&](int64_t begin, int64_t end) {
    s.backward(begin, end, [&](const Part& p) {
      T *of_state = dh.data() + p.begin * n, *of_x = dx.data() + p.at * gates;
      run_step(LstmStepGrad<T>{p.rows, n, kept.data() + p.at * gates,
                               p.state(c.data(), cx.data(), n), c.data() + p.at * n,
                               dy.row(p.at * n), of_state, dc.data() + p.begin * n, of_x});
      product.multiply(p.rows, of_x, of_state, n, nullptr, 0, {0, n});
    });
  });
  weight_gradient(s, gates, dx.data(), y.data(), hx.data(), dweight.data());
  for (const Result<T>* r : {&dx, &dweight, &dh, &dc}) r->finish();
}

// out: y, the last state, what is kept.
template <typename T>
void gru_sequence(const Call& call) {
  const auto& attrs = call.attributes<SequenceAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> x(call.in[0]), weight(call.in[1]), bias(call.in[2]);
  const Initial<T> hx(call.in[3], s);
  const Result<T> y(call.out[0]), last(call.out[1]), kept(call.out[2]);
  const int64_t n = s.hidden;
  const StepProduct<T> product(s, n, 3 * n, weight.data(), 1, n);
  s.for_steps(n * 3 * n, [&](const Part& p, Units units) {
    T* to = kept.data() + p.at * 4 * n;
    const T* before = p.state(y.data(), hx.data(), n);
    product.multiply(p.rows, before, to, 4 * n, bias.data(), 0, units);
    run_step(
        GruStep<T>{p.rows, n, units, x.data() + p.at * 3 * n, to, before, y.data() + p.at * n});
  });
  s.copy_last(y.data(), last.data());
  for (const Result<T>* r : {&y, &last, &kept}) r->finish();
}

// in: x, weight, bias, hx, y, kept, dy, dhy; out: dx, dweight, dbias, dhx.
template <typename T>
void gru_sequence_grad(const Call& call) {
  const auto& attrs = call.attributes<SequenceAttrs>();
  const Sequence s(call.in[0], call.in[1], attrs.reverse, attrs.batch_sizes);
  const Operand<T> weight(call.in[1]), y(call.in[4]), kept(call.in[5]), dy(arriving(call.in[6])),
      dhy(arriving(call.in[7]));
  const Initial<T> hx(call.in[3], s);
  const Result<T> dx(call.out[0]), dweight(call.out[1]), dbias(call.out[2]), dh(call.out[3]);
  const int64_t n = s.hidden, gates = 3 * n;
  const StepProduct<T> product(s, gates, n, weight.data(), n, 1);
  const Scratch<T> of_product(s.rows * gates);
  s.start(dhy.data(), dh.data());
  s.for_rows(n * gates, [&](int64_t begin, int64_t end) {
    s.backward(begin, end, [&](const Part& p) {
      T *of_state = dh.data() + p.begin * n, *dg = of_product.data() + p.at * gates;
      run_step(GruStepGrad<T>{p.rows, n, kept.data() + p.at * 4 * n,
                              p.state(y.data(), hx.data(), n), dy.row(p.at * n), of_state,
                              dx.data() + p.at * gates, dg});
      product.multiply(p.rows, dg, of_state, n, of_state, n, {0, n});
    });
  });
  const bool has_start = call.in[3].data != nullptr;
  weight_gradient(s, gates, of_product.data(), y.data(), has_start ? hx.data() : nullptr,
                  dweight.data());
  const T one = 1;
  gemm_portable(
      Gemm<T>{1, gates, s.rows, &one, 0, 0, of_product.data(), gates, 1, dbias.data(), gates});
  for (const Result<T>* r : {&dx, &dweight, &dbias, &dh}) r->finish();
}

// Half-width types are computed in float.
template <Kernel in_float, Kernel in_double>
void in_computing_type(const Call& call) {
  (call.in[0].dtype == DType::kFloat64 ? in_double : in_float)(call);
}

}  // namespace

void register_recurrent(Table& t) {
  t.add("rnn_sequence").kernel = in_computing_type<rnn_sequence<float>, rnn_sequence<double>>;
  t.add("rnn_sequence_grad").kernel =
      in_computing_type<rnn_sequence_grad<float>, rnn_sequence_grad<double>>;
  t.add("lstm_sequence").kernel = in_computing_type<lstm_sequence<float>, lstm_sequence<double>>;
  t.add("lstm_sequence_grad").kernel =
      in_computing_type<lstm_sequence_grad<float>, lstm_sequence_grad<double>>;
  t.add("gru_sequence").kernel = in_computing_type<gru_sequence<float>, gru_sequence<double>>;
  t.add("gru_sequence_grad").kernel =
      in_computing_type<gru_sequence_grad<float>, gru_sequence_grad<double>>;
}

}  // namespace rush::kernels::cpu
