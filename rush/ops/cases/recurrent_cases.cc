// Rows of recurrent layers over whole sequences: their bodies are the reference. PyTorch's layers
// are given an identity as input weights, so that x reaches the gates as it is.
#include "rush/core/apply.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/recurrent.h"

namespace rush::testing {
namespace {

// How sequences lie in x, in our terms and in PyTorch's.
struct Form {
  const char* label;
  int64_t steps, batch, hidden;
  bool reverse = false;
  std::vector<int64_t> batch_sizes{};
  bool has_state = true;

  int64_t rows() const {
    int64_t all = 0;
    for (int64_t size : batch_sizes) all += size;
    return all;
  }
  Shape of_steps(int64_t columns) const {
    return batch_sizes.empty() ? Shape{steps, batch, columns * hidden}
                               : Shape{rows(), columns * hidden};
  }
  SequenceAttrs attrs() const { return {reverse, batch_sizes}; }
  In state() const { return {{batch, hidden}, -1, 1, has_state ? In::kReal : In::kAbsent}; }
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"", 6, 3, 3},  // rows enough for packed weights
      {"reverse", 3, 2, 2, true},
      {"packed", 4, 3, 2, false, {3, 2, 2, 1}},
      {"packed reverse", 4, 3, 2, true, {3, 2, 2, 1}},
      {"no state", 3, 2, 2, false, {}, false},
      {"one step", 1, 2, 3},
  };
  return all;
}

// The sequences from the last step to the first and back: how PyTorch's functional layers, which
// only know both directions at once, are made to take one of them.
std::string flipped(const std::string& x) { return "torch.flip(" + x + ", [0])"; }

// A call of PyTorch's own functions for one direction, without packing.
std::string torch_call(const Form& f, const char* function, const char* states, int64_t gates,
                       const std::string& bias, bool keeps_cells) {
  const int64_t columns = gates * f.hidden;
  const std::string x = f.reverse ? flipped("x0") : "x0";
  const std::string weights = concat({"torch.eye(", columns, ", dtype=x0.dtype), x1",
                                      bias.empty() ? "" : ", torch.zeros_like(x2), " + bias});
  const std::string call =
      concat({"torch._VF.", function, "(", x, ", ", states, ", [", weights, "], ",
              bias.empty() ? "False" : "True", ", 1, 0.0, False, False, False)"});
  const std::string y = f.reverse ? flipped("r[0]") : "r[0]";
  return concat({"(lambda r: (", y, ", r[1][0]", keeps_cells ? ", r[2][0]" : "", "))(", call, ")"});
}

void set_torch(OpCase& row, const Form& f, const std::string& torch) {
  if (f.batch_sizes.empty() && f.has_state)
    row.torch = torch;
  else
    row.no_torch = "compared through the layers, in tests/parity";
}

OpCase row_of(const char* op, const Form& f, int64_t gates) {
  OpCase row;
  row.op = op;
  row.label = f.label;
  row.tolerance = 10;
  row.in = {{f.of_steps(gates), -2, 2}, {{gates * f.hidden, f.hidden}, -1, 1}};
  return row;
}

void add_rnn(CaseList& list, const Form& f, bool is_relu) {
  OpCase row = row_of("rnn_sequence", f, 1);
  row.label += is_relu ? " relu" : "";
  row.in.push_back(f.state());
  const RnnAttrs attrs{is_relu, f.reverse, f.batch_sizes};
  row.run = [attrs](const Tensors& x) -> Tensors {
    const SequenceResult r = rnn_sequence(x[0], x[1], x[2], attrs);
    return {r.y, r.h};
  };
  set_torch(row, f, torch_call(f, is_relu ? "rnn_relu" : "rnn_tanh", "x2[None]", 1, "", false));
  list.add(row);
}

void add_lstm(CaseList& list, const Form& f) {
  OpCase row = row_of("lstm_sequence", f, 4);
  row.in.push_back(f.state());
  row.in.push_back(f.state());
  row.run = [attrs = f.attrs()](const Tensors& x) -> Tensors {
    const SequenceResult r = lstm_sequence(x[0], x[1], x[2], x[3], attrs);
    return {r.y, r.h, r.c};
  };
  set_torch(row, f, torch_call(f, "lstm", "(x2[None], x3[None])", 4, "", true));
  list.add(row);
}

void add_gru(CaseList& list, const Form& f) {
  OpCase row = row_of("gru_sequence", f, 3);
  row.in.push_back({{3 * f.hidden}, -1, 1, f.has_state ? In::kReal : In::kAbsent});
  row.in.push_back(f.state());
  row.run = [attrs = f.attrs()](const Tensors& x) -> Tensors {
    const SequenceResult r = gru_sequence(x[0], x[1], x[2], x[3], attrs);
    return {r.y, r.h};
  };
  set_torch(row, f, torch_call(f, "gru", "x3[None]", 3, "x2", false));
  list.add(row);
}

// What arrives at the gradient ops: outputs of the op itself, and gradients of their shapes.
void add_gradient(CaseList& list, const char* name, const Form& f, int64_t gates,
                  std::function<Tensors(const Tensors&)> run) {
  OpCase row = row_of(name, f, gates);
  row.in.push_back(f.state());
  row.in.push_back({f.of_steps(1), -1, 1});
  row.in.push_back({{f.batch, f.hidden}, -1, 1});
  row.second = f.steps == 1;  // third derivatives
  row.run = std::move(run);
  row.no_torch = "the gradients of the op itself are compared instead";
  list.add(row);
}

void add_gradients(CaseList& list, const Form& f) {
  const SequenceAttrs attrs = f.attrs();
  const RnnAttrs rnn{false, f.reverse, f.batch_sizes};
  add_gradient(list, "rnn_sequence_grad", f, 1, [rnn](const Tensors& x) -> Tensors {
    const Tensor y = apply(*find_op("rnn_sequence"), {x[0], x[1], x[2]}, rnn).detach();
    return apply_multi(*find_op("rnn_sequence_grad"), {x[0], x[1], x[2], y, x[3], x[4]}, rnn);
  });
  add_gradient(list, "lstm_sequence_grad", f, 4, [attrs](const Tensors& x) -> Tensors {
    const Tensors r = apply_multi(*find_op("lstm_sequence"), {x[0], x[1], x[2], x[2]}, attrs);
    return apply_multi(
        *find_op("lstm_sequence_grad"),
        {x[0], x[1], x[2], x[2], r[0].detach(), r[3].detach(), r[4].detach(), x[3], x[4], x[4]},
        attrs);
  });
  add_gradient(list, "gru_sequence_grad", f, 3, [attrs](const Tensors& x) -> Tensors {
    const Tensors r = apply_multi(*find_op("gru_sequence"), {x[0], x[1], Tensor(), x[2]}, attrs);
    return apply_multi(*find_op("gru_sequence_grad"),
                       {x[0], x[1], Tensor(), x[2], r[0].detach(), r[2].detach(), x[3], x[4]},
                       attrs);
  });
}

}  // namespace

void add_recurrent_cases(CaseList& list) {
  for (const Form& f : forms()) {
    add_rnn(list, f, false);
    add_rnn(list, f, true);
    add_lstm(list, f);
    add_gru(list, f);
    add_gradients(list, f);
  }
}

}  // namespace rush::testing
