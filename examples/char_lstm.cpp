// An LSTM learns Shakespeare's plays letter by letter, and then goes on writing by itself.
#include <rush/rush.h>

#include "common/characters.h"
#include "common/demo.h"

using namespace rush;

namespace {

struct Model {
  int64_t letters, hidden;
  nn::Embedding in{letters, 64};
  nn::LSTM lstm{64, hidden, {.batch_first = true}};
  nn::Linear out{hidden, letters};

  Tensor operator()(const Tensor& ids) const { return out(lstm(in(ids)).output); }
};

Tensor loss_of(const Model& model, const Tensor& x, const Tensor& y) {
  return nn::cross_entropy(model(x).flatten(0, 1), y.flatten());
}

std::string write_on(const Model& model, const demo::Characters& characters, std::string text,
                     int64_t count) {
  const NoGrad no_grad;
  Tensor ids = characters.ids(text).unsqueeze(0);  // [1, length], afterwards one letter at a time
  nn::LSTMState state;
  for (int64_t i = 0; i < count; ++i) {
    auto [output, next] = model.lstm(model.in(ids), state);
    const Tensor scores = model.out(output[{0, -1}]);
    const Tensor id = nn::sample_tokens(scores, {.temperature = 0.8});
    text += characters.at(id.item<int64_t>());
    ids = id.reshape({1, 1});
    state = next;
  }
  return text;
}

void char_lstm(demo::Demo& d) {
  const int64_t steps = d.option("steps", 2000, 60, "batches of 32 pieces");
  const int64_t length = d.option("length", 64, 32, "letters of a piece");
  const int64_t hidden = d.option("hidden", 256, 96, "states of the LSTM");
  const double lr = d.option("lr", 3e-3, 1e-2, "learning rate");
  d.start();
  const demo::Corpus plays(
      data::load_shakespeare({.folder = d.folder(), .download = !d.quick() && d.folder().empty()}));
  Model model{plays.characters.size(), hidden};
  optim::Adam adam(parameters(model), {.lr = lr});
  optim::CosineAnnealingLR schedule(adam, {.t_max = steps, .eta_min = lr / 10});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = loss_of(model, x, y);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(parameters(model), 1.0);
    adam.step();
    return loss;
  });

  const auto curves = demo::learn(
      d, steps,
      [&] {
        const auto [x, y] = demo::draw_windows(plays.train, 32, length);
        const double loss = step(x, y).item();
        schedule.step();
        return loss;
      },
      [&] {
        return demo::mean_loss(plays.test, 10, 32, length, [&](const Tensor& x, const Tensor& y) {
          return loss_of(model, x, y);
        });
      });
  const std::string text = write_on(model, plays.characters, "ROMEO:", d.quick() ? 200 : 600);
  d.say("%s", text.c_str());
  d.write("char_lstm.txt", text + "\n");
  d.at_most("loss on unseen text", curves.test.y.back(), 1.75, 3.0);
  d.write("char_lstm.svg", io::to_svg({.title = "An LSTM learns Shakespeare letter by letter",
                                       .x_label = "step",
                                       .left_label = "loss, nats a letter",
                                       .series = {curves.train, curves.test}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "An LSTM learns to write Shakespeare letter by letter.", char_lstm);
}
