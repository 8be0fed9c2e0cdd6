// Softmax regression on MNIST in a session, saved, and judged by what another session restores:
// np-auto-diff's recipe (784-10, gradient descent with rate 0.5, 1,000 batches of 100).
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

Tensor flat(const Tensor& images) { return cast(images, float32).reshape({-1, 784}) / 255; }

void logistic(demo::Demo& d) {
  const int64_t steps = d.option("steps", 1000, 1000, "batches of 100");
  d.start();
  const auto [digits, unseen] = d.digits();

  const Tensor x = placeholder(float32, {"batch", 784}, "x"),
               y = placeholder(int64, {"batch"}, "y");
  const Tensor w = variable(zeros({784, 10}), "w"), b = variable(zeros({10}), "b");
  const Tensor scores = matmul(x, w) + b;
  const Tensor loss = nn::cross_entropy(scores, y) + 1e-3 * 0.5 * sum(square(w));
  optim::SGD descent({w, b}, {.lr = 0.5});
  const Tensor train = descent.minimize(loss);

  Session session;
  session.initialize();
  data::DataLoader loader(digits, {.batch_size = 100, .shuffle = true});
  d.begin("training", steps);
  for (int64_t step = 0; step < steps;) {
    for (const auto& [images, labels] : loader) {
      if (step == steps) break;
      const double value = session.run({loss, train}, {{x, flat(images)}, {y, labels}})[0].item();
      d.update(++step, "loss " + io::fixed(value, 3));
      if (step % 200 == 0) d.say("step %4d: loss %.4f", static_cast<int>(step), value);
    }
  }
  const std::string path = d.out("mnist_logistic.safetensors");
  save(path, session);
  Session restored;
  restore(path, restored);

  const Tensor images = flat(unseen.images());
  const Tensor before = session.run(scores, {{x, images}}),
               after = restored.run(scores, {{x, images}});
  d.at_least("equal scores, bit by bit", before.to_vector() == after.to_vector(), 1, 1);
  d.at_least("test accuracy of restored weights", nn::accuracy(after, unseen.labels()), 0.9159,
             0.88);
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "Softmax regression on MNIST, saved and restored.", logistic);
}
