// What a user of the package writes: a line is fitted by gradient descent.
#include <rush/rush.h>

#include <cmath>
#include <cstdio>

int main() {
  rush::manual_seed(0);
  const rush::Tensor x = rush::rand({64, 1}), y = x * 3 - 1;
  rush::nn::Linear line{1, 1};
  rush::optim::SGD opt(rush::parameters(line), {.lr = 0.5});
  double error = 0;
  for (int step = 0; step < 300; ++step) {
    const rush::Tensor loss = rush::mse_loss(line(x), y);
    opt.step(loss);
    error = loss.item();
  }
  std::printf("error %g\n", error);
  return error < 1e-3 ? 0 : 1;
}
