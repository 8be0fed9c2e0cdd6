// Hello, training: a small network learns to tell two interleaved spirals apart.
#include <rush/rush.h>

#include <cmath>
#include <cstdio>

using namespace rush;

struct Net {
  int hidden = 64;
  nn::Linear fc1{2, hidden}, fc2{hidden, hidden}, out{hidden, 2};
  Tensor operator()(const Tensor& x) const { return out(relu(fc2(relu(fc1(x))))); }
};

int main() {
  manual_seed(0);
  std::vector<float> points;
  std::vector<int64_t> labels;
  for (int i = 0; i < 500; ++i) {
    const double turn = 4 * std::sqrt(i / 500.0);  // evenly spread along the arm
    const int64_t arm = i % 2;
    const double angle = 2.2 * turn + 3.14159 * static_cast<double>(arm);
    points.push_back(static_cast<float>(turn * std::cos(angle)));
    points.push_back(static_cast<float>(turn * std::sin(angle)));
    labels.push_back(arm);
  }
  const Tensor x = Tensor::from(points, {500, 2}), y = Tensor::from(labels);

  Net net;
  optim::Adam opt(parameters(net), {.lr = 1e-2});
  for (int step = 1; step <= 300; ++step) {
    const Tensor scores = net(x);
    const Tensor loss = nn::cross_entropy(scores, y);
    opt.step(loss);
    if (step % 50 == 0) {
      const double accuracy = mean(eq(argmax(scores, 1), y).to(float32)).item();
      std::printf("step %3d  loss %.4f  accuracy %.1f %%\n", step, loss.item(), 100 * accuracy);
    }
  }
  std::printf("%s\n", to_string(net).c_str());
}
