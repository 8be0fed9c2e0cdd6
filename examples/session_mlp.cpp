// MiniTorch's multi-layer perceptron, 784-2048-10, in a graph and a session: momentum 0.9, batches
// of 64, one pass over 25,000 digits. It reports 88.12 % of 960 held-out images that are not
// published, at a rate of 0.001. At that rate we get about 86.8 %, and the same loss of 0.563 on
// the thousand images that follow the first 25,000; five times the rate is better.
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

Tensor scaled(const Tensor& images) { return cast(images, float32).reshape({-1, 784}) / 255 - 0.5; }

void session_mlp(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 1, 1, "passes over the training digits");
  const int64_t count = d.option("images", 25000, 9000, "how many digits to learn from");
  const double lr = d.option("lr", 5e-3, 5e-3, "learning rate");
  d.start();
  const demo::Digits digits = d.digits();

  const Tensor x = placeholder(float32, {"batch", 784}, "x"),
               y = placeholder(int64, {"batch"}, "y");
  nn::Sequential net(nn::Linear(784, 2048), nn::ReLU(), nn::Linear(2048, 10));
  demo::start_as_minitorch(net);
  const Tensor scores = net(x), loss = nn::cross_entropy(scores, y);
  optim::SGD momentum(parameters(net), {.lr = lr, .momentum = 0.9});
  const Tensor train = momentum.minimize(loss);

  Session session;
  session.initialize();
  data::DataLoader loader(demo::some(digits.train, 0, count), {.batch_size = 64, .shuffle = true});
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    const double mean_loss =
        demo::learn_epoch(d, epoch, loader, [&](const Tensor& images, const Tensor& labels) {
          return session.run({loss, train}, {{x, scaled(images)}, {y, labels}})[0].item();
        });
    d.say("epoch %d: loss %.4f, %.1f s", static_cast<int>(epoch), mean_loss, d.seconds());
  }

  data::DataLoader held_out(demo::some(digits.train, count, 1000), {.batch_size = 1000});
  for (const auto& [images, labels] : held_out) {  // one batch
    const Tensor found = session.run(scores, {{x, scaled(images)}});
    d.at_least("accuracy on held-out digits", nn::accuracy(found, labels), 0.8812, 0.7);
  }
  d.say("on the test set: %.4f", demo::accuracy(digits.test, [&](const Tensor& images) {
          return session.run(scores, {{x, scaled(images)}});
        }));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A multi-layer perceptron as a graph that a session trains.",
                   session_mlp);
}
