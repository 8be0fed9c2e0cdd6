// A linear regression in ten lines: a line through noisy points.
#include <rush/rush.h>

#include <cmath>

#include "common/demo.h"

using namespace rush;

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A line through noisy points.", [](demo::Demo& d) {
    d.start();
    const Tensor x = rand({100, 1}), y = 3 * x + 1 + 0.1 * randn({100, 1});
    nn::Linear line{1, 1};
    optim::SGD sgd(parameters(line), {.lr = 0.3});
    for (int step = 1; step <= 500; ++step) {
      const Tensor loss = nn::mse_loss(line(x), y);
      sgd.step(loss);
      if (step % 100 == 0) d.say("step %d: loss %.5f", step, loss.item());
    }
    d.at_most("distance of the slope from 3", std::abs(line.weight.item() - 3), 0.1, 0.1);
    d.at_most("distance of the offset from 1", std::abs(line.bias.item() - 1), 0.1, 0.1);
  });
}
