// np-auto-diff's convolutional network: five convolutions with batch norm, global pooling and a
// linear layer, 1,000 Adam steps of 50 digits; it reports 98.48 % (after 20 minutes). The rate
// falls here. Then t-SNE shows how the pooled features of test digits lie to each other.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include "common/demo.h"
#include "common/tsne.h"

using namespace rush;

namespace {

struct Block {
  int64_t in, out, stride;
  nn::Conv2d conv{in, out, 3, {.stride = stride, .padding = 1, .bias = false}};
  nn::BatchNorm2d bn{out, {.eps = 1e-3}};
  Tensor operator()(const Tensor& x) const { return relu(bn(conv(x))); }
};

struct Net {
  Block b1{1, 16, 1}, b2{16, 32, 2}, b3{32, 64, 1}, b4{64, 128, 2}, b5{128, 256, 2};
  nn::Linear out{256, 10};
  Tensor features(const Tensor& x) const { return mean(b5(b4(b3(b2(b1(x))))), {2, 3}); }
  Tensor operator()(const Tensor& x) const { return out(features(x)); }
};

Tensor scaled(const Tensor& images) { return cast(images, float32) / 255; }

std::string feature_chart(const Net& net, const data::MnistDataset& digits, int64_t count) {
  const NoGrad no_grad;
  data::DataLoader loader(demo::some(digits, 0, count), {.batch_size = count});
  const auto [images, labels] = *loader.begin();
  const Tensor points = demo::tsne(net.features(scaled(images)));
  io::Chart chart{.title = "Pooled features of test digits, by t-SNE", .width = 640, .height = 560};
  for (int64_t digit = 0; digit < 10; ++digit) {
    const Tensor of_digit = points[{eq(labels, digit)}];
    chart.series.push_back({.name = std::to_string(digit),
                            .x = of_digit[{kEllipsis, 0}].to_vector(),
                            .y = of_digit[{kEllipsis, 1}].to_vector(),
                            .has_line = false});
  }
  return io::to_svg(chart);
}

void conv_features(demo::Demo& d) {
  const int64_t steps = d.option("steps", 1000, 40, "batches of 50");
  const int64_t shown = d.option("shown", 1000, 150, "test digits in the picture");
  d.start();
  const demo::Digits digits = d.digits();
  Net net;
  optim::Adam adam(parameters(net));
  optim::LinearLR rate(adam, {.start_factor = 1, .end_factor = 0.05, .total_iters = steps});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = nn::cross_entropy(net(x), y);
    adam.step(loss);
    return loss;
  });
  data::DataLoader loader(digits.train, {.batch_size = 50, .shuffle = true});
  d.begin("training", steps);
  for (int64_t done = 0; done < steps;) {
    for (const auto& [images, labels] : loader) {
      const double loss = step(scaled(images), labels).item();
      rate.step();
      d.update(++done, "loss " + io::fixed(loss, 3));
      if (done % 100 == 0)
        d.say("step %4d: loss %.4f, %.1f s", static_cast<int>(done), loss, d.seconds());
      if (done == steps) break;
    }
  }
  d.say("%.1f s of training", d.seconds());
  eval(net);
  const auto scores = [&](const Tensor& images) { return net(scaled(images)); };
  d.at_least("test accuracy", demo::accuracy(digits.test, scores), 0.9848, 0.5);
  d.write("conv_features.svg", feature_chart(net, digits.test, shown));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "Five convolutions read digits, and show their features.",
                   conv_features);
}
