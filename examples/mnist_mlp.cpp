// picograd's network on MNIST: 784-800-800-10, dropout 0.5, Adam, 15 epochs. It states 97.28 % and
// 10 to 15 minutes, but not how many images a step takes: 500 here.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

struct Net {
  int hidden = 800;
  nn::Linear fc1{784, hidden}, fc2{hidden, hidden}, out{hidden, 10};
  nn::Dropout drop{0.5};
  Tensor operator()(const Tensor& images) const {
    const Tensor x = images.flatten(1) - 0.5;
    return out(drop(relu(fc2(drop(relu(fc1(x)))))));
  }
};

void mnist_mlp(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 15, 1, "passes over the training images");
  const int64_t batch = d.option("batch", 500, 64, "images a step");
  const double lr = d.option("lr", 1e-3, 1e-3, "learning rate of Adam");
  d.start();
  const auto [digits, unseen] = d.digits();
  Net net;
  optim::Adam adam(parameters(net), {.lr = lr});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = nn::cross_entropy(net(x), y);
    adam.step(loss);
    return loss;
  });
  const auto test = [&] {
    eval(net);
    const double accuracy = demo::accuracy(
        unseen, [&](const Tensor& images) { return net(cast(images, float32) / 255); });
    train(net);
    return accuracy;
  };

  data::DataLoader loader(data::transformed(digits, data::ToFloat{}),
                          {.batch_size = batch, .shuffle = true, .drop_last = true});
  io::Series losses{"training loss", {}, {}};
  io::Series accuracies{"test accuracy", {}, {}, true, true};
  double training_seconds = 0;
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    losses.y.push_back(demo::learn_epoch(
        d, epoch, loader, [&](const Tensor& x, const Tensor& y) { return step(x, y).item(); }));
    training_seconds += d.seconds();
    losses.x.push_back(static_cast<double>(epoch));
    accuracies.x.push_back(static_cast<double>(epoch));
    accuracies.y.push_back(test());
    d.say("epoch %2d: loss %.4f, test accuracy %.4f, %.1f s of training so far",
          static_cast<int>(epoch), losses.y.back(), accuracies.y.back(), training_seconds);
  }
  d.at_least("test accuracy", accuracies.y.back(), 0.9728, 0.8);
  d.write("mnist_mlp.svg", io::to_svg({.title = "784-800-800-10 with dropout on MNIST",
                                       .x_label = "epoch",
                                       .left_label = "loss",
                                       .right_label = "accuracy",
                                       .series = {losses, accuracies}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A multi-layer perceptron with dropout reads digits.", mnist_mlp);
}
