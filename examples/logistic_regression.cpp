// A logistic regression in ten lines: which of two clouds a point belongs to.
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

int main(int argc, char** argv) {
  return demo::run(argc, argv, "Which of two clouds a point belongs to.", [](demo::Demo& d) {
    d.start();
    const Tensor y = cast(lt(rand({400, 1}), 0.5), float32), x = randn({400, 2}) + 3 * y;
    nn::Linear score{2, 1};
    optim::SGD sgd(parameters(score), {.lr = 0.5});
    for (int step = 1; step <= 500; ++step) {
      const Tensor loss = nn::binary_cross_entropy_with_logits(score(x), y);
      sgd.step(loss);
      if (step % 100 == 0) d.say("step %d: loss %.5f", step, loss.item());
    }
    const Tensor right = eq(gt(score(x), 0), gt(y, 0.5));
    d.at_least("accuracy", mean(cast(right, float32)).item(), 0.97, 0.97);
  });
}
