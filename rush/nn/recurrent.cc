#include "rush/nn/recurrent.h"

#include <cmath>

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/recurrent.h"

namespace rush::nn {
namespace {

void check_at_least_one(const char* layer, const char* what, int64_t value) {
  if (value < 1) fail<ShapeError>(layer, ": ", what, " is at least 1; what came: ", value);
}

// The state of one layer and direction, if there are any.
Tensor one_of(const Tensor& states, size_t index) {
  return states.defined() ? select(states, 0, static_cast<int64_t>(index)) : states;
}

Tensor in_order(const Tensor& states, const std::vector<int64_t>& order) {
  return states.defined() && !order.empty() ? index_select(states, 1, Tensor::from(order)) : states;
}

// The share of the input in every step, with both biases where they are only ever added.
Tensor share_of_input(const Tensor& x, const RecurrentWeights& w) {
  return linear(x, w.weight_ih, w.bias_ih.defined() ? w.bias_ih + w.bias_hh : Tensor());
}

// One layer and direction.
SequenceResult run_one(const Tensor& x, const RecurrentWeights& w, const Tensor& h, const Tensor& c,
                       const RecurrentRun& how, bool reverse) {
  if (how.kind == RecurrentKind::kGru)
    return gru_sequence(linear(x, w.weight_ih, w.bias_ih), w.weight_hh, w.bias_hh, h,
                        {reverse, how.batch_sizes});
  if (how.kind != RecurrentKind::kLstm)
    return rnn_sequence(share_of_input(x, w), w.weight_hh, h,
                        {how.kind == RecurrentKind::kRnnRelu, reverse, how.batch_sizes});
  if (w.weight_hr.defined())
    return lstm_projected_sequence(share_of_input(x, w), w.weight_hh, w.weight_hr, h, c,
                                   {reverse, how.batch_sizes});
  return lstm_sequence(share_of_input(x, w), w.weight_hh, h, c, {reverse, how.batch_sizes});
}

}  // namespace

RecurrentRunResult run_recurrent(const Tensor& input, std::span<const RecurrentWeights> weights,
                                 const Tensor& first_h, const Tensor& first_c,
                                 const RecurrentRun& how) {
  const size_t directions = how.bidirectional ? 2 : 1;
  Tensor x = input;
  Tensors h, c;
  for (size_t i = 0; i < weights.size(); i += directions) {
    if (i > 0 && how.between) x = how.between(x);
    Tensors outputs;
    for (size_t d = i; d < i + directions; ++d) {
      const SequenceResult r =
          run_one(x, weights[d], one_of(first_h, d), one_of(first_c, d), how, d > i);
      outputs.push_back(r.y);
      h.push_back(r.h);
      if (r.c.defined()) c.push_back(r.c);
    }
    x = outputs.size() == 1 ? outputs[0] : cat(outputs, -1);
  }
  return {x, stack(h), c.empty() ? Tensor() : stack(c)};
}

Recurrent::Recurrent(const Config& config) : config_(config) {
  const Config& c = config_;
  check_at_least_one(name(), "input_size", c.input_size);
  check_at_least_one(name(), "hidden_size", c.hidden_size);
  check_at_least_one(name(), "num_layers", c.num_layers);
  if (!(c.dropout >= 0 && c.dropout <= 1))
    fail(name(), ": dropout is a probability, 0 to 1; what came: ", c.dropout);
  if (c.proj_size < 0 || c.proj_size >= c.hidden_size)
    fail<ShapeError>(name(), ": proj_size is smaller than hidden_size, ", c.hidden_size,
                     "; what came: ", c.proj_size);
  const int64_t gates = c.kind == Kind::kLstm ? 4 : c.kind == Kind::kGru ? 3 : 1;
  const double bound = 1 / std::sqrt(static_cast<double>(c.hidden_size));
  const auto drawn = [&](const Shape& shape) {
    const Tensor t = init::uniform_(make_parameter(shape), -bound, bound);
    return t.requires_grad_();
  };
  for (int64_t i = 0; i < c.num_layers * directions(); ++i) {
    const int64_t inputs = i < directions() ? c.input_size : state_size() * directions();
    RecurrentWeights w;
    w.weight_ih = drawn({gates * c.hidden_size, inputs});
    w.weight_hh = drawn({gates * c.hidden_size, state_size()});
    if (c.bias) w.bias_ih = drawn({gates * c.hidden_size});
    if (c.bias) w.bias_hh = drawn({gates * c.hidden_size});
    if (c.proj_size > 0) w.weight_hr = drawn({c.proj_size, c.hidden_size});
    weights.push_back(w);
  }
}

const char* Recurrent::name() const {
  return config_.kind == Kind::kLstm ? "LSTM" : config_.kind == Kind::kGru ? "GRU" : "RNN";
}

void Recurrent::fields(Visitor& v) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto n = static_cast<size_t>(directions());
    const std::string end = "_l" + std::to_string(i / n) + (i % n == 1 ? "_reverse" : "");
    v("weight_ih" + end, weights[i].weight_ih);
    v("weight_hh" + end, weights[i].weight_hh);
    v("bias_ih" + end, weights[i].bias_ih);
    v("bias_hh" + end, weights[i].bias_hh);
    v("weight_hr" + end, weights[i].weight_hr);
  }
  v("training", training);
}

std::string Recurrent::describe_as(const char* name) const {
  const Config& c = config_;
  Describe text(name);
  text.arg(c.input_size).arg(c.hidden_size).option("num_layers", c.num_layers, int64_t{1});
  if (c.kind == Kind::kRnnRelu) text.option("nonlinearity", std::string("relu"), std::string());
  text.option("bias", c.bias, true).option("batch_first", c.batch_first, false);
  text.option("dropout", c.dropout, 0.0).option("bidirectional", c.bidirectional, false);
  return text.option("proj_size", c.proj_size, int64_t{0});
}

Recurrent::States Recurrent::checked_states(const States& given, int64_t batch,
                                            bool has_batch) const {
  const auto checked = [&](const char* what, const Tensor& state, int64_t size) {
    if (!state.defined()) return state;
    Shape wanted{config_.num_layers * directions(), batch, size};
    if (!has_batch) wanted.erase(1);
    if (!(state.shape() == wanted))
      fail<ShapeError>(name(), ": ", what, " must have shape ", wanted, "; got ", state.shape());
    return has_batch ? state : unsqueeze(state, 1);
  };
  return {checked("hx", given.h, state_size()), checked("cx", given.c, config_.hidden_size)};
}

Recurrent::Pass Recurrent::run(const Tensor& input, const States& first) const {
  const bool has_batch = input.rank() == 3;
  if ((!has_batch && input.rank() != 2) || input.size(-1) != config_.input_size)
    fail<ShapeError>(
        name(), ": input must be ", config_.batch_first ? "[batch, steps, " : "[steps, batch, ",
        config_.input_size, "] or [steps, ", config_.input_size, "]; got ", input.shape());
  Tensor x = has_batch ? input : unsqueeze(input, 1);
  const bool turned = has_batch && config_.batch_first;
  if (turned) x = transpose(x, 0, 1);
  if (x.size(0) == 0)
    fail<ShapeError>(name(), ": sequences have at least one step; input is ", input.shape());
  Pass p = through_layers(x, checked_states(first, x.size(1), has_batch), {});
  if (turned) p.output = transpose(p.output, 0, 1);
  if (has_batch) return p;
  for (Tensor* t : {&p.output, &p.states.h, &p.states.c})
    if (t->defined()) *t = squeeze(*t, int64_t{1});
  return p;
}

Recurrent::Pass Recurrent::run(const PackedSequence& input, const States& first) const {
  if (input.batch_sizes.empty() || !input.data.defined())
    fail(name(), ": the packed sequence is empty");
  if (input.data.rank() != 2 || input.data.size(1) != config_.input_size)
    fail<ShapeError>(name(), ": the data of a packed sequence must be [rows, ", config_.input_size,
                     "]; got ", input.data.shape());
  const States given = checked_states(first, input.batch_sizes[0], true);
  Pass p = through_layers(
      input.data,
      {in_order(given.h, input.sorted_indices), in_order(given.c, input.sorted_indices)},
      input.batch_sizes);
  p.states.h = in_order(p.states.h, input.unsorted_indices);
  p.states.c = in_order(p.states.c, input.unsorted_indices);
  return p;
}

PackedSequence Recurrent::repacked(const Tensor& data, const PackedSequence& like) {
  PackedSequence packed = like;
  packed.data = data;
  return packed;
}

Recurrent::Pass Recurrent::through_layers(const Tensor& x, const States& first,
                                          const std::vector<int64_t>& sizes) const {
  RecurrentRun how{config_.kind, config_.bidirectional, sizes};
  if (config_.dropout > 0)
    how.between = [this](const Tensor& y) {
      return in_mode(y, training, [&](bool on) { return dropout(y, config_.dropout, on); });
    };
  const RecurrentRunResult r = run_recurrent(x, weights, first.h, first.c, how);
  return {r.output, {r.h, r.c}};
}

RNN::RNN(int64_t input_size, int64_t hidden_size, const RNNOptions& o)
    : Recurrent({[&] {
                   if (o.nonlinearity != "tanh" && o.nonlinearity != "relu")
                     fail("RNN: nonlinearity is tanh or relu; what came: ", o.nonlinearity);
                   return o.nonlinearity == "tanh" ? Kind::kRnnTanh : Kind::kRnnRelu;
                 }(),
                 input_size, hidden_size, o.num_layers, o.bias, o.batch_first, o.dropout,
                 o.bidirectional}) {}

RecurrentOutput<Tensor> RNN::operator()(const Tensor& input, const Tensor& hx) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> RecurrentOutput<Tensor> {
    const Pass p = run(input, {hx, {}});
    return {p.output, p.states.h};
  });
}
RecurrentOutput<PackedSequence> RNN::operator()(const PackedSequence& input,
                                                const Tensor& hx) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> RecurrentOutput<PackedSequence> {
    const Pass p = run(input, {hx, {}});
    return {repacked(p.output, input), p.states.h};
  });
}

GRU::GRU(int64_t input_size, int64_t hidden_size, const GRUOptions& o)
    : Recurrent({Kind::kGru, input_size, hidden_size, o.num_layers, o.bias, o.batch_first,
                 o.dropout, o.bidirectional}) {}

RecurrentOutput<Tensor> GRU::operator()(const Tensor& input, const Tensor& hx) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> RecurrentOutput<Tensor> {
    const Pass p = run(input, {hx, {}});
    return {p.output, p.states.h};
  });
}
RecurrentOutput<PackedSequence> GRU::operator()(const PackedSequence& input,
                                                const Tensor& hx) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> RecurrentOutput<PackedSequence> {
    const Pass p = run(input, {hx, {}});
    return {repacked(p.output, input), p.states.h};
  });
}

LSTM::LSTM(int64_t input_size, int64_t hidden_size, const LSTMOptions& o)
    : Recurrent({Kind::kLstm, input_size, hidden_size, o.num_layers, o.bias, o.batch_first,
                 o.dropout, o.bidirectional, o.proj_size}) {}

LSTMOutput<Tensor> LSTM::operator()(const Tensor& input, const LSTMState& first) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> LSTMOutput<Tensor> {
    const Pass p = run(input, {first.h, first.c});
    return {p.output, {p.states.h, p.states.c}};
  });
}
LSTMOutput<PackedSequence> LSTM::operator()(const PackedSequence& input,
                                            const LSTMState& first) const {
  return in_layer(*this, weights[0].weight_ih, [&]() -> LSTMOutput<PackedSequence> {
    const Pass p = run(input, {first.h, first.c});
    return {repacked(p.output, input), {p.states.h, p.states.c}};
  });
}

}  // namespace rush::nn
