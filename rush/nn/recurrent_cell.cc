#include "rush/nn/recurrent_cell.h"

#include <cmath>

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/recurrent.h"

namespace rush::nn {
namespace {

template <typename Cell>
void make_weights(Cell& cell, const char* name, int64_t inputs, int64_t hidden, int64_t gates,
                  bool has_bias) {
  if (inputs < 1 || hidden < 1)
    fail<ShapeError>(name, ": sizes are at least 1; what came: ", inputs, " and ", hidden);
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  const auto drawn = [&](const Shape& shape) {
    const Tensor t = init::uniform_(make_parameter(shape), -bound, bound);
    return t.requires_grad_();
  };
  cell.weight_ih = drawn({gates * hidden, inputs});
  cell.weight_hh = drawn({gates * hidden, hidden});
  if (has_bias) cell.bias_ih = drawn({gates * hidden});
  if (has_bias) cell.bias_hh = drawn({gates * hidden});
}

template <typename Cell>
void show_weights(Cell& cell, Visitor& v) {
  v("weight_ih", cell.weight_ih);
  v("weight_hh", cell.weight_hh);
  v("bias_ih", cell.bias_ih);
  v("bias_hh", cell.bias_hh);
}

template <typename Cell>
Describe described(const Cell& cell, const char* name) {
  Describe text(name);
  text.arg(cell.weight_ih.size(1)).arg(cell.weight_hh.size(1));
  text.option("bias", cell.bias_ih.defined(), true);
  return text;
}

// A step is a sequence of one: x: [1, B, in], states: [B, hidden].
template <typename Cell>
Tensor as_sequence(const Cell& cell, const char* name, const Tensor& input) {
  const int64_t inputs = cell.weight_ih.size(1);
  if (input.rank() < 1 || input.rank() > 2 || input.size(-1) != inputs)
    fail<ShapeError>(name, ": input must be [batch, ", inputs, "] or [", inputs, "]; got ",
                     input.shape());
  return reshape(input, {1, input.rank() == 2 ? input.size(0) : 1, inputs});
}
template <typename Cell>
Tensor as_state(const Cell& cell, const char* name, const Tensor& state, const Tensor& input) {
  if (!state.defined()) return state;
  Shape wanted = input.shape();
  wanted[wanted.size() - 1] = cell.weight_hh.size(1);
  if (!(state.shape() == wanted))
    fail<ShapeError>(name, ": a state must have shape ", wanted, "; got ", state.shape());
  return input.rank() == 2 ? state : unsqueeze(state, 0);
}
Tensor as_result(const Tensor& state, const Tensor& input) {
  return input.rank() == 2 ? state : squeeze(state, int64_t{0});
}

// The input's share of the gates, with both biases.
template <typename Cell>
Tensor share_of_input(const Cell& cell, const Tensor& x) {
  return linear(x, cell.weight_ih, cell.bias_ih.defined() ? cell.bias_ih + cell.bias_hh : Tensor());
}

}  // namespace

RNNCell::RNNCell(int64_t input_size, int64_t hidden_size, const RNNCellOptions& options)
    : is_relu_(options.nonlinearity == "relu") {
  if (!is_relu_ && options.nonlinearity != "tanh")
    fail("RNNCell: nonlinearity is tanh or relu; what came: ", options.nonlinearity);
  make_weights(*this, "RNNCell", input_size, hidden_size, 1, options.bias);
}

Tensor RNNCell::operator()(const Tensor& input, const Tensor& hx) const {
  return in_layer(*this, weight_ih, [&] {
    const Tensor x = as_sequence(*this, "rnn_cell", input);
    const Tensor h = as_state(*this, "rnn_cell", hx, input);
    const RnnAttrs attrs{is_relu_};
    return as_result(rnn_sequence(share_of_input(*this, x), weight_hh, h, attrs).h, input);
  });
}

void RNNCell::fields(Visitor& v) { show_weights(*this, v); }
std::string RNNCell::describe() const {
  Describe text = described(*this, "RNNCell");
  if (is_relu_) text.option("nonlinearity", std::string("relu"), std::string());
  return text;
}

GRUCell::GRUCell(int64_t input_size, int64_t hidden_size, const RecurrentCellOptions& options) {
  make_weights(*this, "GRUCell", input_size, hidden_size, 3, options.bias);
}

Tensor GRUCell::operator()(const Tensor& input, const Tensor& hx) const {
  return in_layer(*this, weight_ih, [&] {
    const Tensor x = as_sequence(*this, "gru_cell", input);
    const Tensor h = as_state(*this, "gru_cell", hx, input);
    return as_result(gru_sequence(linear(x, weight_ih, bias_ih), weight_hh, bias_hh, h).h, input);
  });
}

void GRUCell::fields(Visitor& v) { show_weights(*this, v); }
std::string GRUCell::describe() const { return described(*this, "GRUCell"); }

LSTMCell::LSTMCell(int64_t input_size, int64_t hidden_size, const RecurrentCellOptions& options) {
  make_weights(*this, "LSTMCell", input_size, hidden_size, 4, options.bias);
}

LSTMState LSTMCell::operator()(const Tensor& input, const LSTMState& first) const {
  return in_layer(*this, weight_ih, [&]() -> LSTMState {
    const Tensor x = as_sequence(*this, "lstm_cell", input);
    const Tensor h = as_state(*this, "lstm_cell", first.h, input);
    const Tensor c = as_state(*this, "lstm_cell", first.c, input);
    const SequenceResult r = lstm_sequence(share_of_input(*this, x), weight_hh, h, c);
    return {as_result(r.h, input), as_result(r.c, input)};
  });
}

void LSTMCell::fields(Visitor& v) { show_weights(*this, v); }
std::string LSTMCell::describe() const { return described(*this, "LSTMCell"); }

}  // namespace rush::nn
