// TinyNet's first network: 784-20-10 with relu, gradient descent at a rate of 0.1, 3 epochs of
// 55,000 digits in batches of 100. Written as a plain eager loop.
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kHeldOut = 5000;

Tensor flat(const Tensor& images) { return cast(images, float32).reshape({-1, 784}) / 255; }

void small_mlp(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 3, 3, "passes over the training digits");
  d.start();
  const demo::Digits digits = d.digits();
  const int64_t held_out = d.quick() ? digits.train.size() / 10 : kHeldOut;
  const auto parts = data::random_split(digits.train, {digits.train.size() - held_out, held_out});

  nn::Sequential net(nn::Linear(784, 20), nn::ReLU(), nn::Linear(20, 10));
  optim::SGD sgd(parameters(net), {.lr = 0.1});
  data::DataLoader loader(parts[0], {.batch_size = 100, .shuffle = true});
  data::DataLoader validation(parts[1], {.batch_size = 500});
  double accuracy = 0;
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    demo::learn_epoch(d, epoch, loader, [&](const Tensor& images, const Tensor& labels) {
      const Tensor loss = nn::cross_entropy(net(flat(images)), labels);
      sgd.step(loss);
      return loss.item();
    });
    const NoGrad no_grad;
    accuracy = 0;
    for (const auto& [images, labels] : validation)
      accuracy += nn::accuracy(net(flat(images)), labels) / static_cast<double>(validation.size());
    d.say("epoch %d: validation accuracy %.4f, %.2f s", static_cast<int>(epoch), accuracy,
          d.seconds());
  }
  d.at_least("validation accuracy", accuracy, 0.92, 0.8);
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A network with 20 hidden units reads digits.", small_mlp);
}
