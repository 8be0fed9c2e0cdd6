#include "tests/parity/recurrent.h"

#include "rush/rush.h"

namespace rush::parity {
namespace {

using nlohmann::json;

// A layer's arguments by PyTorch's names, and what it is given.
struct Case {
  std::string name, layer;
  json arguments;
  Tensor x, hx, cx;
  std::vector<int64_t> lengths{};  // none: x goes in as it is
  json padding = json::object();   // options of pad_packed_sequence
};

Tensor wanting(const Shape& shape) { return randn(shape, float64).requires_grad_(); }

Tensors as_list(const std::vector<Tensor>& all) {
  Tensors list;
  for (const Tensor& t : all) list.push_back(t);
  return list;
}

// Everything that has a gradient, and results with the weights they are summed with.
json describe(const Case& c, const nn::ModuleRef& model, const Tensors& results, Archive& archive) {
  json entry = {{"name", c.name},        {"layer", c.layer},        {"arguments", c.arguments},
                {"x", archive.add(c.x)}, {"hx", archive.add(c.hx)}, {"cx", archive.add(c.cx)},
                {"lengths", c.lengths},  {"padding", c.padding}};
  std::vector<Tensor> by{c.x};
  for (const Tensor& t : {c.hx, c.cx})
    if (t.defined()) by.push_back(t);
  json state_entry = json::array();
  for (const auto& [name, t] : named_parameters(model)) {
    state_entry.push_back({name, archive.add(t)});
    by.push_back(t);
  }
  std::vector<Tensor> outs, weights;
  for (const Tensor& r : results) {
    outs.push_back(r);
    weights.push_back(cos(arange(r.numel(), float64)).reshape(r.shape()));
  }
  const std::vector<Tensor> found = grad(outs, by, weights);
  entry["state"] = state_entry;
  entry["out"] = archive.add(results);
  entry["weights"] = archive.add(as_list(weights));
  entry["gradients"] = archive.add(as_list(found));
  return entry;
}

Tensor unpacked(const Case& c, const nn::PackedSequence& y) {
  return nn::pad_packed_sequence(y, {.batch_first = c.arguments.value("batch_first", false),
                                     .padding_value = c.padding.value("padding_value", 0.0),
                                     .total_length = c.padding.value("total_length", int64_t{0})})
      .output;
}
nn::PackedSequence packed(const Case& c) {
  return nn::pack_padded_sequence(
      c.x, c.lengths,
      {.batch_first = c.arguments.value("batch_first", false), .enforce_sorted = false});
}

template <typename Layer>
json plain(const Case& c, const Layer& layer, Archive& archive) {
  to(layer, float64);
  Tensors results;
  if (c.lengths.empty()) {
    const auto r = layer(c.x, c.hx);
    results = {r.output, r.h};
  } else {
    const auto r = layer(packed(c), c.hx);
    results = {unpacked(c, r.output), r.h};
  }
  return describe(c, layer, results, archive);
}

json lstm(const Case& c, const nn::LSTM& layer, Archive& archive) {
  to(layer, float64);
  Tensors results;
  if (c.lengths.empty()) {
    const auto r = layer(c.x, {c.hx, c.cx});
    results = {r.output, r.state.h, r.state.c};
  } else {
    const auto r = layer(packed(c), {c.hx, c.cx});
    results = {unpacked(c, r.output), r.state.h, r.state.c};
  }
  return describe(c, layer, results, archive);
}

struct Options {
  int64_t num_layers = 1;
  bool bias = true, batch_first = false, bidirectional = false;
  int64_t proj_size = 0;
  bool relu = false;

  json arguments() const {
    return {{"input_size", 3}, {"hidden_size", 4},           {"num_layers", num_layers},
            {"bias", bias},    {"batch_first", batch_first}, {"bidirectional", bidirectional}};
  }
};

json one(const std::string& layer, const std::string& what, const Options& o,
         std::vector<int64_t> lengths, bool has_state, bool has_batch, Archive& archive) {
  const auto batch = lengths.empty() ? int64_t{3} : static_cast<int64_t>(lengths.size());
  int64_t steps = lengths.empty() ? 5 : 0;
  for (int64_t length : lengths) steps = std::max(steps, length);
  const int64_t states = o.num_layers * (o.bidirectional ? 2 : 1);
  Case c{layer + " " + what, layer, o.arguments(), {}, {}, {}, std::move(lengths)};
  c.x = wanting(!has_batch      ? Shape{steps, 3}
                : o.batch_first ? Shape{batch, steps, 3}
                                : Shape{steps, batch, 3});
  const auto state_of = [&](int64_t size) {
    return wanting(has_batch ? Shape{states, batch, size} : Shape{states, size});
  };
  if (has_state) c.hx = state_of(o.proj_size > 0 ? o.proj_size : 4);
  if (!c.lengths.empty()) c.padding = {{"padding_value", -1.5}, {"total_length", steps + 1}};
  if (layer == "LSTM") {
    if (has_state) c.cx = state_of(4);
    c.arguments["proj_size"] = o.proj_size;
    return lstm(c,
                nn::LSTM(3, 4,
                         {.num_layers = o.num_layers,
                          .bias = o.bias,
                          .batch_first = o.batch_first,
                          .bidirectional = o.bidirectional,
                          .proj_size = o.proj_size}),
                archive);
  }
  if (layer == "GRU")
    return plain(c,
                 nn::GRU(3, 4,
                         {.num_layers = o.num_layers,
                          .bias = o.bias,
                          .batch_first = o.batch_first,
                          .bidirectional = o.bidirectional}),
                 archive);
  c.arguments["nonlinearity"] = o.relu ? "relu" : "tanh";
  return plain(c,
               nn::RNN(3, 4,
                       {.num_layers = o.num_layers,
                        .nonlinearity = o.relu ? "relu" : "tanh",
                        .bias = o.bias,
                        .batch_first = o.batch_first,
                        .bidirectional = o.bidirectional}),
               archive);
}

void add_layers(json& all, const std::string& layer, Archive& archive) {
  const auto add = [&](const std::string& what, const Options& o, std::vector<int64_t> lengths = {},
                       bool has_state = true, bool has_batch = true) {
    all.push_back(one(layer, what, o, std::move(lengths), has_state, has_batch, archive));
  };
  add("plain", {});
  add("without states, batch first", {.batch_first = true}, {}, false);
  add("without biases", {.bias = false});
  add("two layers, both directions", {.num_layers = 2, .bidirectional = true});
  add("without a batch", {.bidirectional = true}, {}, true, false);
  // Check 13: lengths with ties, and orders that are not their own inverse.
  const std::pair<const char*, std::vector<int64_t>> lengths[] = {
      {"check 13: lengths 1 3 2", {1, 3, 2}},
      {"check 13: lengths 3 3", {3, 3}},
      {"check 13: lengths 2 4 4 1", {2, 4, 4, 1}}};
  for (const auto& [what, values] : lengths) {
    add(what, {}, values, false);
    add(what + std::string(", two layers, both directions, batch first, states"),
        {.num_layers = 2, .batch_first = true, .bidirectional = true}, values);
  }
  if (layer == "RNN") add("relu", {.relu = true});
  if (layer != "LSTM") return;
  add("projected", {.num_layers = 2, .bidirectional = true, .proj_size = 2});
  add("projected, packed", {.bidirectional = true, .proj_size = 2}, {1, 3, 2});
}

template <typename Cell>
json cell(const std::string& layer, const json& more, const Cell& cell, bool has_batch,
          Archive& archive) {
  to(cell, float64);
  const auto shape = [&](int64_t size) { return has_batch ? Shape{5, size} : Shape{size}; };
  Case c{layer + more.dump() + (has_batch ? "" : " without a batch"),
         layer,
         {{"input_size", 3}, {"hidden_size", 4}},
         wanting(shape(3)),
         wanting(shape(4)),
         {}};
  c.arguments.update(more);
  if constexpr (std::is_same_v<Cell, nn::LSTMCell>) {
    c.cx = wanting(shape(4));
    const nn::LSTMState s = cell(c.x, {c.hx, c.cx});
    return describe(c, cell, {s.h, s.c}, archive);
  } else {
    return describe(c, cell, {cell(c.x, c.hx)}, archive);
  }
}

}  // namespace

json recurrent(Archive& archive) {
  manual_seed(11);
  json all = json::array();
  for (const char* layer : {"RNN", "LSTM", "GRU"}) add_layers(all, layer, archive);
  for (bool has_batch : {true, false}) {
    all.push_back(cell("RNNCell", json::object(), nn::RNNCell(3, 4), has_batch, archive));
    all.push_back(cell("RNNCell", {{"nonlinearity", "relu"}},
                       nn::RNNCell(3, 4, {.nonlinearity = "relu"}), has_batch, archive));
    all.push_back(cell("GRUCell", json::object(), nn::GRUCell(3, 4), has_batch, archive));
    all.push_back(
        cell("GRUCell", {{"bias", false}}, nn::GRUCell(3, 4, {.bias = false}), has_batch, archive));
    all.push_back(cell("LSTMCell", json::object(), nn::LSTMCell(3, 4), has_batch, archive));
  }
  return all;
}

}  // namespace rush::parity
