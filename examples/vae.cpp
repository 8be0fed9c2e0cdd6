// A convolutional variational autoencoder with two latent numbers, np-auto-diff's architecture, on
// binarised MNIST: it learns to draw digits, and the picture shows what it draws all over the
// plane.
#include <rush/io/image_grid.h>
#include <rush/io/png.h>
#include <rush/rush.h>

#include <cmath>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kLatent = 2, kTestBatch = 500;

struct Vae {
  nn::Conv2d conv1{1, 32, 3, {.stride = 2}}, conv2{32, 64, 3, {.stride = 2}};
  nn::Linear encoded{64 * 6 * 6, 2 * kLatent};  // means, then logarithms of variances

  nn::Linear decoded{kLatent, 32 * 7 * 7};
  nn::ConvTranspose2d up1{32, 64, 3, {.stride = 2, .padding = 1, .output_padding = 1}},
      up2{64, 32, 3, {.stride = 2, .padding = 1, .output_padding = 1}},
      drawn{32, 1, 3, {.padding = 1}};

  Tensors encode(const Tensor& x) const {
    return chunk(encoded(relu(conv2(relu(conv1(x)))).flatten(1)), 2, 1);
  }
  Tensor decode(const Tensor& z) const {  // logits
    return drawn(relu(up2(relu(up1(relu(decoded(z)).reshape({-1, 32, 7, 7}))))));
  }
};

// The negative evidence lower bound of an image, in nats: how badly a code drawn for it draws it
// again, and how far its codes are from the standard normal (in closed form).
Tensor loss_of(const Vae& net, const Tensor& x) {
  const Tensors code = net.encode(x);
  const Tensor &mean = code[0], &log_variance = code[1];
  const Tensor z = mean + exp(0.5 * log_variance) * randn_like(mean);
  const Tensor drawing =
      nn::binary_cross_entropy_with_logits(net.decode(z), x, {}, Reduction::kSum);
  const Tensor divergence = 0.5 * sum(square(mean) + exp(log_variance) - 1 - log_variance);
  return (drawing + divergence) / x.size(0);
}

Tensor binarised(const Tensor& images) { return cast(ge(images, 128), float32); }

double test_loss(const Vae& net, const data::MnistDataset& digits) {
  const NoGrad no_grad;
  double total = 0;
  for (const auto& [images, labels] : data::DataLoader(digits, {.batch_size = kTestBatch}))
    total += loss_of(net, binarised(images)).item() * static_cast<double>(images.size(0));
  return total / static_cast<double>(digits.size());
}

// What is drawn for codes at equal steps of probability, so that every part of the plane gets the
// room that the standard normal gives it.
Tensor manifold(const Vae& net, int64_t side) {
  const NoGrad no_grad;
  const Tensor part = linspace(0.02, 0.98, side), quantile = std::sqrt(2.0) * erfinv(2 * part - 1);
  const Tensor axes[] = {quantile, quantile};
  const Tensors rows_columns = meshgrid(axes);
  const Tensor codes = stack({rows_columns[1].flatten(), rows_columns[0].flatten()}, 1);
  return io::image_grid(sigmoid(net.decode(codes)), {.columns = side, .gap = 0});
}

void vae(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 10, 1, "passes over the training images");
  const int64_t count = d.option("images", 60000, 1600, "how many images to learn from");
  const double lr = d.option("lr", 1e-3, 2e-3, "learning rate");
  d.start();
  const demo::Digits digits = d.digits();
  Vae net;
  for (const auto& [name, p] : named_parameters(net)) {
    if (p.rank() > 1)
      nn::init::xavier_uniform_(p);
    else
      nn::init::zeros_(p);
  }
  optim::Adam adam(parameters(net), {.lr = lr, .eps = 1e-7});
  const auto step = compile([&](const Tensor& x) {
    const Tensor loss = loss_of(net, x);
    adam.step(loss);
    return loss;
  });

  data::DataLoader loader(demo::some(digits.train, 0, count),
                          {.batch_size = 32, .shuffle = true, .drop_last = true});
  double loss = 0;
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    const double mean_loss = demo::learn_epoch(
        d, epoch, loader,
        [&](const Tensor& images, const Tensor&) { return step(binarised(images)).item(); });
    const double seconds = d.seconds();
    loss = test_loss(net, digits.test);
    d.say("epoch %2d: loss %.2f, on unseen images %.2f, %.1f s", static_cast<int>(epoch), mean_loss,
          loss, seconds);
  }
  d.at_most("loss on unseen images", loss, 155, 240);
  io::save_png(d.out("vae.png"), manifold(net, d.quick() ? 10 : 20));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A variational autoencoder draws digits.", vae);
}
