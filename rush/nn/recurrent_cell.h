// One step of the recurrent layers (recurrent.h): input [B, in] or [in], states [B, hidden] or
// [hidden], zeros where none are given.
#pragma once

#include "rush/nn/recurrent.h"

namespace rush::nn {

struct RecurrentCellOptions {
  bool bias = true;
};
struct RNNCellOptions {
  bool bias = true;
  std::string nonlinearity = "tanh";  // or relu
};

class RNNCell {
 public:
  RNNCell(int64_t input_size, int64_t hidden_size, const RNNCellOptions& options = {});
  Tensor operator()(const Tensor& input, const Tensor& hx = {}) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight_ih, weight_hh, bias_ih, bias_hh;

 private:
  bool is_relu_;
};

class GRUCell {
 public:
  GRUCell(int64_t input_size, int64_t hidden_size, const RecurrentCellOptions& options = {});
  Tensor operator()(const Tensor& input, const Tensor& hx = {}) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight_ih, weight_hh, bias_ih, bias_hh;
};

class LSTMCell {
 public:
  LSTMCell(int64_t input_size, int64_t hidden_size, const RecurrentCellOptions& options = {});
  LSTMState operator()(const Tensor& input, const LSTMState& first = {}) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight_ih, weight_hh, bias_ih, bias_hh;
};

}  // namespace rush::nn
