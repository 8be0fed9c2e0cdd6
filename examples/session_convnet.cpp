// MiniTorch's ConvNet in a graph and a session: twice convolution, batch norm, relu and pooling,
// then dropout and a linear layer; Adam, batches of 64, 10 passes over 25,000 digits. One graph
// serves for training and for testing. MiniTorch, whose convolution gradients are wrong,
// reports 94.38 %.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr double kDropped = 0.3;

Tensor scaled(const Tensor& images) { return cast(images, float32) / 255 - 0.5; }

void session_convnet(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 10, 1, "passes over the training digits");
  const int64_t count = d.option("images", 25000, 1920, "how many digits to learn from");
  d.start();
  const demo::Digits digits = d.digits();

  const Tensor x = placeholder(float32, {"batch", 1, 28, 28}, "x");
  const Tensor y = placeholder(int64, {"batch"}, "y");
  const nn::ConvLayerOptions same{.padding = 1, .bias = false};
  nn::Sequential net(nn::Conv2d(1, 16, 3, same), nn::BatchNorm2d(16), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Conv2d(16, 32, 3, same), nn::BatchNorm2d(32), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Flatten(), nn::Dropout(kDropped), nn::Linear(32 * 7 * 7, 10));
  demo::start_as_minitorch(net);
  const Tensor scores = net(x), loss = nn::cross_entropy(scores, y);
  optim::Adam adam(parameters(net));
  const Tensor train = adam.minimize(loss);

  Session session;
  session.initialize();
  data::DataLoader loader(demo::some(digits.train, 0, count), {.batch_size = 64, .shuffle = true});
  // A run that trains nothing evaluates: dropout and batch norm know by themselves.
  const auto test = [&] {
    return demo::accuracy(digits.test, [&](const Tensor& images) {
      return session.run(scores, {{x, scaled(images)}});
    });
  };
  io::Series accuracies{"test accuracy", {0}, {test()}, false, true};
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    const double mean_loss =
        demo::learn_epoch(d, epoch, loader, [&](const Tensor& images, const Tensor& labels) {
          return session.run({loss, train}, {{x, scaled(images)}, {y, labels}})[0].item();
        });
    const double seconds = d.seconds();
    accuracies.x.push_back(static_cast<double>(epoch));
    accuracies.y.push_back(test());
    d.say("epoch %2d: loss %.4f, test accuracy %.4f, %.1f s", static_cast<int>(epoch), mean_loss,
          accuracies.y.back(), seconds);
  }
  d.at_least("test accuracy", accuracies.y.back(), 0.98, 0.7);
  d.write("session_convnet.svg",
          io::to_svg({.title = "Two convolutions with batch norm, on 25,000 digits",
                      .x_label = "epoch",
                      .left_label = "test accuracy",
                      .series = {accuracies}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A convolutional network as a graph that a session trains.",
                   session_convnet);
}
