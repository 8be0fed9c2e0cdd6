// Recurrent layers over sequences: RNN, LSTM and GRU, with several layers, both directions, dropout
// between layers and packed sequences. Names, shapes and first weights are PyTorch's.
//
//   nn::GRU gru{28, 128, {.num_layers = 2, .batch_first = true}};
//   auto [y, h] = gru(x);        // x: [B, T, 28] -> y: [B, T, 128], h: [2, B, 128]
//
// Input: [T, B, in]; with batch_first [B, T, in]; [T, in] without a batch; or a PackedSequence, and
// then the output is one too and states are in the caller's order. Output: every step's state in
// the last layer, both directions side by side. States: [layers * directions, B, hidden] (or
// without B), zeros where none are given.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rush/nn/packed_sequence.h"
#include "rush/nn/visitor.h"

namespace rush::nn {

// Of one layer and direction; `weight_hr` belongs to an LSTM with proj_size.
struct RecurrentWeights {
  Tensor weight_ih, weight_hh, bias_ih, bias_hh, weight_hr;
};

enum class RecurrentKind { kRnnTanh, kRnnRelu, kLstm, kGru };
struct RecurrentRun {
  RecurrentKind kind;
  bool bidirectional = false;
  std::vector<int64_t> batch_sizes = {};              // of packed rows
  std::function<Tensor(const Tensor&)> between = {};  // done from one layer to the next: dropout
};
struct RecurrentRunResult {
  Tensor output, h, c;
};
// All layers and directions over x: [T, B, in], or over packed rows. States: [layers * directions,
// B, hidden], zeros where undefined; c belongs to an LSTM.
RecurrentRunResult run_recurrent(const Tensor& x, std::span<const RecurrentWeights> weights,
                                 const Tensor& h, const Tensor& c, const RecurrentRun& how);

// What the three have in common.
class Recurrent {
 public:
  void fields(Visitor& v);

  std::vector<RecurrentWeights> weights;  // [layer * directions + direction]
  Mode training = true;

 protected:
  using Kind = RecurrentKind;
  struct Config {
    Kind kind;
    int64_t input_size, hidden_size, num_layers;
    bool bias, batch_first;
    double dropout;
    bool bidirectional;
    int64_t proj_size = 0;
  };
  struct States {
    Tensor h, c;  // c: of LSTM
  };
  struct Pass {
    Tensor output;
    States states;
  };

  explicit Recurrent(const Config& config);
  Pass run(const Tensor& input, const States& first) const;
  Pass run(const PackedSequence& input, const States& first) const;
  static PackedSequence repacked(const Tensor& data, const PackedSequence& like);
  std::string describe_as(const char* name) const;

 private:
  int64_t directions() const { return config_.bidirectional ? 2 : 1; }
  int64_t state_size() const {
    return config_.proj_size > 0 ? config_.proj_size : config_.hidden_size;
  }
  const char* name() const;
  States checked_states(const States& given, int64_t batch, bool has_batch) const;
  Pass through_layers(const Tensor& x, const States& first,
                      const std::vector<int64_t>& sizes) const;

  Config config_;
};

struct RNNOptions {
  int64_t num_layers = 1;
  std::string nonlinearity = "tanh";  // or relu
  bool bias = true, batch_first = false;
  double dropout = 0;  // of what goes from one layer to the next
  bool bidirectional = false;
};
struct GRUOptions {
  int64_t num_layers = 1;
  bool bias = true, batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
};
struct LSTMOptions {
  int64_t num_layers = 1;
  bool bias = true, batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
  int64_t proj_size = 0;  // states are projected to this size; 0: they are not
};

template <typename Sequence>
struct RecurrentOutput {
  Sequence output;
  Tensor h;
};
struct LSTMState {
  Tensor h, c;
};
template <typename Sequence>
struct LSTMOutput {
  Sequence output;
  LSTMState state;
};

// h = tanh(W x + b + U h + c), or relu
class RNN : public Recurrent {
 public:
  RNN(int64_t input_size, int64_t hidden_size, const RNNOptions& options = {});
  RecurrentOutput<Tensor> operator()(const Tensor& input, const Tensor& hx = {}) const;
  RecurrentOutput<PackedSequence> operator()(const PackedSequence& input,
                                             const Tensor& hx = {}) const;
  std::string describe() const { return describe_as("RNN"); }
};

// r, z = sigmoid(W x + b + U h + c);  n = tanh(W x + b + r (U h + c)),  h = (1 - z) n + z h
class GRU : public Recurrent {
 public:
  GRU(int64_t input_size, int64_t hidden_size, const GRUOptions& options = {});
  RecurrentOutput<Tensor> operator()(const Tensor& input, const Tensor& hx = {}) const;
  RecurrentOutput<PackedSequence> operator()(const PackedSequence& input,
                                             const Tensor& hx = {}) const;
  std::string describe() const { return describe_as("GRU"); }
};

// i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W x + b + U h + c;
// cells = f cells + i g,  h = o tanh(cells)
class LSTM : public Recurrent {
 public:
  LSTM(int64_t input_size, int64_t hidden_size, const LSTMOptions& options = {});
  LSTMOutput<Tensor> operator()(const Tensor& input, const LSTMState& first = {}) const;
  LSTMOutput<PackedSequence> operator()(const PackedSequence& input,
                                        const LSTMState& first = {}) const;
  std::string describe() const { return describe_as("LSTM"); }
};

}  // namespace rush::nn
