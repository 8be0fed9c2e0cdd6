// Recurrent layers, their cells, and packed sequences: torch.lstm and kin.
#include "function.h"
#include "random_masks.h"
#include "rows.h"
#include "rush/nn/packed_sequence.h"
#include "rush/nn/recurrent.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

using nn::RecurrentKind;
using nn::RecurrentRun;
using nn::RecurrentWeights;
using TensorVector = std::vector<Tensor>;

// PyTorch's flat list as the weights of each layer and direction.
std::vector<RecurrentWeights> grouped(const char* name, const TensorVector& params, bool has_biases,
                                      int64_t num_layers, const RecurrentRun& how) {
  const size_t count = static_cast<size_t>(num_layers) * (how.bidirectional ? 2 : 1);
  const size_t plain = has_biases ? 4 : 2;
  const bool is_projected =
      how.kind == RecurrentKind::kLstm && params.size() == count * (plain + 1);
  const size_t each = plain + (is_projected ? 1 : 0);
  if (count == 0 || params.size() != count * each)
    fail<ShapeError>(name, ": ", count, " layers and directions need ", count * plain,
                     " parameters; got ", params.size());
  std::vector<RecurrentWeights> groups;
  for (auto p = params.begin(); p != params.end(); p += static_cast<std::ptrdiff_t>(each)) {
    RecurrentWeights w;
    w.weight_ih = p[0], w.weight_hh = p[1];
    if (has_biases) w.bias_ih = p[2], w.bias_hh = p[3];
    if (is_projected) w.weight_hr = p[static_cast<std::ptrdiff_t>(plain)];
    groups.push_back(w);
  }
  return groups;
}

// Dropout between layers, as PyTorch draws it.
RecurrentRun run_of(RecurrentKind kind, bool bidirectional, double dropout, bool train,
                    std::vector<int64_t> batch_sizes = {}) {
  RecurrentRun how{kind, bidirectional, std::move(batch_sizes)};
  if (train && dropout > 0)
    how.between = [dropout](const Tensor& y) { return dropped(y, dropout, true); };
  return how;
}

TensorVector parts_of(const nn::RecurrentRunResult& r) {
  return r.c.defined() ? TensorVector{r.output, r.h, r.c} : TensorVector{r.output, r.h};
}

template <RecurrentKind kind>
constexpr const char* name_of() {
  return kind == RecurrentKind::kLstm      ? "lstm"
         : kind == RecurrentKind::kGru     ? "gru"
         : kind == RecurrentKind::kRnnRelu ? "rnn_relu"
                                           : "rnn_tanh";
}

const TensorVector& checked_pair(const TensorVector& hx) {
  if (hx.size() != 2) fail<ShapeError>("lstm: hx is a pair (h, c); got ", hx.size(), " tensors");
  return hx;
}
const Tensor& first_of(const Tensor& hx) { return hx; }
const Tensor& first_of(const TensorVector& hx) { return checked_pair(hx)[0]; }
Tensor second_of(const Tensor&) { return {}; }
const Tensor& second_of(const TensorVector& hx) { return hx[1]; }

// `State`: one tensor, or a pair (h, c).
template <RecurrentKind kind, typename State>
void add_layers(const Rows& rows) {
  static const std::string name = name_of<kind>();
  static const std::string rest =
      "hx, params, has_biases, num_layers, dropout, train, bidirectional";
  rows.add(
      (name + "(input, " + rest + ", batch_first)").c_str(),
      [](const Tensor& input, const State& hx, const TensorVector& params, bool has_biases,
         int64_t num_layers, double dropout, bool train, bool bidirectional, bool batch_first) {
        const RecurrentRun how = run_of(kind, bidirectional, dropout, train);
        const auto weights = grouped(name.c_str(), params, has_biases, num_layers, how);
        const Tensor x = batch_first ? transpose(input, 0, 1) : input;
        auto r = nn::run_recurrent(x, weights, first_of(hx), second_of(hx), how);
        if (batch_first) r.output = transpose(r.output, 0, 1);
        return parts_of(r);
      },
      kFunctionOnly, "All layers over sequences [T, B, in]: the outputs and the last states.");
  rows.add(
      (name + "(data, batch_sizes, " + rest + ")").c_str(),
      [](const Tensor& data, const Tensor& batch_sizes, const State& hx, const TensorVector& params,
         bool has_biases, int64_t num_layers, double dropout, bool train, bool bidirectional) {
        const RecurrentRun how =
            run_of(kind, bidirectional, dropout, train, batch_sizes.to_vector<int64_t>());
        const auto weights = grouped(name.c_str(), params, has_biases, num_layers, how);
        return parts_of(nn::run_recurrent(data, weights, first_of(hx), second_of(hx), how));
      },
      kFunctionOnly, "The same over packed sequences.");
}

// A cell is one step of one layer. x: [B, in], states: [B, hidden].
template <RecurrentKind kind>
nn::RecurrentRunResult one_step(const Tensor& x, const Tensor& h, const Tensor& c,
                                const RecurrentWeights& w) {
  auto r = nn::run_recurrent(unsqueeze(x, 0), std::span(&w, 1), unsqueeze(h, 0),
                             c.defined() ? unsqueeze(c, 0) : c, {kind});
  r.h = squeeze(r.h, int64_t{0});
  if (r.c.defined()) r.c = squeeze(r.c, int64_t{0});
  return r;
}

template <RecurrentKind kind>
void add_cell(const Rows& rows) {
  rows.add(
      (std::string(name_of<kind>()) + "_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)").c_str(),
      [](const Tensor& x, const Tensor& h, const Tensor& w_ih, const Tensor& w_hh,
         const Maybe& b_ih, const Maybe& b_hh) {
        return one_step<kind>(x, h, {}, {w_ih, w_hh, b_ih, b_hh, {}}).h;
      },
      kFunctionOnly, "One step of a layer: the next state.");
}

void add_packing(const Rows& rows) {
  rows.add(
      "_pack_padded_sequence(input, lengths, batch_first)",
      [](const Tensor& input, const Tensor& lengths, bool batch_first) {
        const auto p = nn::pack_padded_sequence(input, lengths, {.batch_first = batch_first});
        return std::pair{p.data, Tensor::from(p.batch_sizes)};
      },
      kFunctionOnly, "Rows step by step, and how many sequences reach each step.");
  rows.add(
      "_pad_packed_sequence(data, batch_sizes, batch_first, padding_value, total_length)",
      [](const Tensor& data, const Tensor& batch_sizes, bool batch_first, double padding_value,
         int64_t total_length) {
        const auto p = nn::pad_packed_sequence({data, batch_sizes.to_vector<int64_t>()},
                                               {.batch_first = batch_first,
                                                .padding_value = padding_value,
                                                .total_length = total_length});
        return std::pair{p.output, Tensor::from(p.lengths)};
      },
      kFunctionOnly, "The padded batch that packed rows came from, and the lengths.");
}

}  // namespace

void add_recurrent_rows() {
  const Rows rows("torch");
  add_layers<RecurrentKind::kRnnTanh, Tensor>(rows);
  add_layers<RecurrentKind::kRnnRelu, Tensor>(rows);
  add_layers<RecurrentKind::kGru, Tensor>(rows);
  add_layers<RecurrentKind::kLstm, TensorVector>(rows);
  add_cell<RecurrentKind::kRnnTanh>(rows);
  add_cell<RecurrentKind::kRnnRelu>(rows);
  add_cell<RecurrentKind::kGru>(rows);
  rows.add(
      "lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)",
      [](const Tensor& x, const TensorVector& hx, const Tensor& w_ih, const Tensor& w_hh,
         const Maybe& b_ih, const Maybe& b_hh) {
        checked_pair(hx);
        const auto r =
            one_step<RecurrentKind::kLstm>(x, hx[0], hx[1], {w_ih, w_hh, b_ih, b_hh, {}});
        return std::pair{r.h, r.c};
      },
      kFunctionOnly, "One step of an LSTM: the next states (h, c).");
  add_packing(rows);
}

}  // namespace rush::python
