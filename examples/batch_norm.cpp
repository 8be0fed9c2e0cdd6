// What batch normalisation does to a network of sigmoids, 784-100-100-10, on MNIST: np-auto-diff's
// comparison. Its loss is summed over the batch of 50, at a rate of 0.01.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include <cmath>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr double kSpread = 0.01;  // of the first weights

struct Plain {
  nn::Linear fc1{784, 100}, fc2{100, 100}, out{100, 10};
  Tensor operator()(const Tensor& x) const { return out(sigmoid(fc2(sigmoid(fc1(x))))); }
};

struct Normalized {
  nn::BatchNormOptions options{.eps = 1e-3, .momentum = 1 - 0.997};
  nn::Linear fc1{784, 100, {.bias = false}}, fc2{100, 100, {.bias = false}}, out{100, 10};
  nn::BatchNorm1d bn1{100, options}, bn2{100, options};
  Tensor operator()(const Tensor& x) const { return out(sigmoid(bn2(fc2(sigmoid(bn1(fc1(x))))))); }
};

Tensor flat(const Tensor& images) { return cast(images, float32).reshape({-1, 784}) / 255; }

struct Settings {
  int64_t steps, every;
};

// Trains a network and gives its test accuracy, now and then, as a line of the chart.
template <typename Net>
io::Series train_curve(demo::Demo& d, const std::string& name, const demo::Digits& digits,
                       const Settings& settings) {
  Net net;
  for (const auto& [key, w] : named_parameters(net))
    if (w.rank() == 2) nn::init::trunc_normal_(w, 0, kSpread, -2 * kSpread, 2 * kSpread);
  optim::SGD sgd(parameters(net), {.lr = 0.01});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = nn::cross_entropy(net(x), y, {.reduction = Reduction::kSum});
    sgd.step(loss);
    return loss;
  });
  io::Series curve{name, {}, {}};
  data::DataLoader loader(digits.train, {.batch_size = 50, .shuffle = true});
  d.begin(name, settings.steps);
  for (int64_t done = 0; done < settings.steps;) {
    for (const auto& [images, labels] : loader) {
      step(flat(images), labels);
      if (++done % settings.every == 0) {
        eval(net);
        curve.x.push_back(static_cast<double>(done));
        curve.y.push_back(
            demo::accuracy(digits.test, [&](const Tensor& images) { return net(flat(images)); }));
        train(net);
        d.update(done, "test accuracy " + io::fixed(curve.y.back(), 4));
      }
      if (done == settings.steps) break;
    }
  }
  d.say("%s: test accuracy %.4f after %d steps, %.1f s", name.c_str(), curve.y.back(),
        static_cast<int>(settings.steps), d.seconds());
  return curve;
}

double first_above(const io::Series& curve, double accuracy) {
  for (size_t i = 0; i < curve.y.size(); ++i)
    if (curve.y[i] > accuracy) return curve.x[i];
  return INFINITY;
}

void compare(demo::Demo& d) {
  const Settings settings{d.option("steps", 30000, 900, "batches of 50"),
                          d.option("every", 250, 100, "steps from test to test")};
  d.start();
  const demo::Digits digits = d.digits();
  const io::Series with = train_curve<Normalized>(d, "with batch norm", digits, settings);
  const io::Series without = train_curve<Plain>(d, "without", digits, settings);

  d.at_least("final accuracy with batch norm", with.y.back(), 0.978, 0.8);
  d.at_least("final accuracy without", without.y.back(), 0.975, 0.1);
  const double level = d.quick() ? 0.7 : 0.9;
  d.say("steps to an accuracy of %g: with batch norm %g, without %g (inf: not reached)", level,
        first_above(with, level), first_above(without, level));
  d.at_most("steps to it with batch norm, of those without",
            first_above(with, level) / first_above(without, level), 0.99, 0.99);
  d.write("batch_norm.svg", io::to_svg({.title = "Sigmoids, 784-100-100-10, on MNIST",
                                        .x_label = "steps",
                                        .left_label = "test accuracy",
                                        .series = {with, without}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A network of sigmoids with and without batch normalisation.",
                   compare);
}
