// Two networks against each other on MNIST: a generator draws digits, a discriminator tells drawn
// ones from real ones. np-auto-diff's DCGAN architecture; with --wasserstein the discriminator
// becomes a critic, trained by RMSprop with its weights clipped (Arjovsky and others, 2017).
#include <rush/io/chart.h>
#include <rush/io/image_grid.h>
#include <rush/io/png.h>
#include <rush/rush.h>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kNoise = 100;
constexpr double kSlope = 0.3, kClip = 0.01;

struct Generator {
  nn::BatchNormOptions norm{.eps = 1e-3};
  nn::Linear seed{kNoise, 256 * 7 * 7, {.bias = false}};
  nn::BatchNorm2d bn1{256, norm};
  nn::ConvTranspose2d up1{256, 128, 5, {.padding = 2, .bias = false}};
  nn::BatchNorm2d bn2{128, norm};
  nn::ConvTranspose2d up2{
      128, 64, 5, {.stride = 2, .padding = 2, .output_padding = 1, .bias = false}};
  nn::BatchNorm2d bn3{64, norm};
  nn::ConvTranspose2d up3{
      64, 1, 5, {.stride = 2, .padding = 2, .output_padding = 1, .bias = false}};

  Tensor operator()(const Tensor& z) const {
    const Tensor a = leaky_relu(bn1(seed(z).reshape({-1, 256, 7, 7})), kSlope);
    return tanh(up3(leaky_relu(bn3(up2(leaky_relu(bn2(up1(a)), kSlope))), kSlope)));
  }
};

struct Discriminator {
  nn::Conv2d conv1{1, 64, 5, {.stride = 2, .padding = 2}};
  nn::Conv2d conv2{64, 128, 5, {.stride = 2, .padding = 2}};
  nn::Linear score{128 * 7 * 7, 1};
  nn::Dropout drop{0.3};

  Tensor operator()(const Tensor& x) const {
    const Tensor a = drop(leaky_relu(conv1(x), kSlope));
    return score(drop(leaky_relu(conv2(a), kSlope)).flatten(1));
  }
};

struct Settings {
  int64_t steps, batch, critic_steps;
  double lr;
  bool wasserstein;
  std::string picture{};  // path of the sheet of drawings
};

class Training {
 public:
  explicit Training(const Settings& s) : s_(s) {
    const auto small = [](const auto& net) {
      for (const auto& [name, p] : named_parameters(net))
        if (p.rank() > 1) nn::init::normal_(p, 0, 0.02);
    };
    small(generator);
    small(discriminator_);
    if (s.wasserstein) {
      discriminator_.drop.p = 0;
      for_generator_ = std::make_unique<optim::RMSprop>(parameters(generator),
                                                        optim::RMSpropOptions{.lr = s.lr});
      for_discriminator_ = std::make_unique<optim::RMSprop>(parameters(discriminator_),
                                                            optim::RMSpropOptions{.lr = s.lr});
    } else {
      const optim::AdamOptions options{.lr = s.lr, .betas = {0.5, 0.999}};
      for_generator_ = std::make_unique<optim::Adam>(parameters(generator), options);
      for_discriminator_ = std::make_unique<optim::Adam>(parameters(discriminator_), options);
    }
  }

  // One step of each network from one set of drawings. The discriminator's loss sees them detached,
  // so it has no gradient for the generator; the generator's loss goes through the discriminator,
  // whose gradients of it are forgotten.
  Tensors both(const Tensor& real, const Tensor& noise) const {
    const Tensor drawn = generator(noise);
    const Tensor loss = discriminate(real, drawn.detach());
    const Tensor generator_loss = fool(drawn);
    const auto to_generator = grad({generator_loss}, parameters(generator));
    for_discriminator_->step(loss);
    clip();
    for_generator_->step(to_generator);
    return {loss.detach(), generator_loss.detach()};
  }
  // A step of the critic alone.
  Tensor critic(const Tensor& real, const Tensor& noise) const {
    Tensor drawn;
    {
      const NoGrad no_grad;
      drawn = generator(noise);
    }
    const Tensor loss = discriminate(real, drawn);
    for_discriminator_->step(loss);
    clip();
    return loss.detach();
  }

  Generator generator;

 private:
  Tensor discriminate(const Tensor& real, const Tensor& drawn) const {
    const Tensors scores = chunk(discriminator_(cat({real, drawn})), 2);
    if (s_.wasserstein) return mean(scores[1]) - mean(scores[0]);
    return (mean(softplus(-scores[0])) + mean(softplus(scores[1]))) / 2;
  }
  Tensor fool(const Tensor& drawn) const {
    const Tensor scores = discriminator_(drawn);
    return s_.wasserstein ? -mean(scores) : mean(softplus(-scores));
  }
  void clip() const {
    if (!s_.wasserstein) return;
    const NoGrad no_grad;
    for (const Tensor& p : parameters(discriminator_)) p.copy_(clamp(p, -kClip, kClip));
  }

  Settings s_;
  Discriminator discriminator_;
  std::unique_ptr<optim::Optimizer> for_generator_, for_discriminator_;
};

// Means over some steps, for the chart.
struct Curves {
  io::Series discriminator{"discriminator", {}, {}}, generator{"generator", {}, {}};
  double d_sum = 0, g_sum = 0;
  int64_t count = 0;
  void add(double d, double g) {
    d_sum += d;
    g_sum += g;
    ++count;
  }
  void finish(int64_t step) {
    const auto n = static_cast<double>(count);
    for (io::Series* s : {&discriminator, &generator}) s->x.push_back(static_cast<double>(step));
    discriminator.y.push_back(d_sum / n);
    generator.y.push_back(g_sum / n);
    d_sum = g_sum = 0;
    count = 0;
  }
};

// How far drawings are from digits in two plain numbers: mean and spread of the ink.
double ink_distance(const Tensor& drawn, const Tensor& real) {
  return std::abs(mean(drawn).item() - mean(real).item()) +
         std::abs(std_dev(drawn).item() - std_dev(real).item());
}

Tensor scaled(const Tensor& images) { return cast(images, float32) / 127.5 - 1; }

Tensor draw(const Generator& generator, const Tensor& noise) {
  const NoGrad no_grad;
  eval(generator);
  const Tensor drawn = generator(noise);
  train(generator);
  return drawn;
}
Tensor sheet(const Tensor& drawn) { return io::image_grid(drawn, {.columns = 10, .low = -1}); }

// Steps of both networks, and with a critic some of the critic alone in between; now and then a
// sheet of drawings of the same noise.
Curves learn(demo::Demo& d, const Training& training, const data::MnistDataset& digits,
             const Settings& s, const Tensor& shown_noise) {
  const auto both = compile([&](const Tensor& x, const Tensor& z) { return training.both(x, z); });
  const auto critic =
      compile([&](const Tensor& x, const Tensor& z) { return training.critic(x, z); });
  data::DataLoader loader(digits, {.batch_size = s.batch, .shuffle = true, .drop_last = true});
  const int64_t between = std::max<int64_t>(1, s.steps / 50);
  Curves curves;
  int64_t batches = 0, steps = 0;
  d.begin("training", s.steps);
  while (steps < s.steps) {
    for (const auto& [images, labels] : loader) {
      const Tensor real = scaled(images), noise = randn({s.batch, kNoise});
      if (++batches % (s.wasserstein ? s.critic_steps : 1) != 0) {
        critic(real, noise);
        continue;
      }
      const Tensors losses = both(real, noise);
      curves.add(losses[0].item(), losses[1].item());
      d.update(++steps, "discriminator " + io::fixed(losses[0].item(), 3) + ", generator " +
                            io::fixed(losses[1].item(), 3));
      if (steps % between == 0) {
        curves.finish(steps);
        d.say("step %5d: discriminator %.4f, generator %.4f, %.0f s", static_cast<int>(steps),
              curves.discriminator.y.back(), curves.generator.y.back(), d.seconds());
        io::save_png(s.picture, sheet(draw(training.generator, shown_noise)));
      }
      if (steps == s.steps) break;
    }
  }
  d.say("%.1f s of training, %.1f ms a step", d.seconds(),
        1e3 * d.seconds() / static_cast<double>(s.steps));
  return curves;
}

void gan(demo::Demo& d) {
  const bool w = d.flag("wasserstein", "a critic with clipped weights instead");
  Settings s{.steps = d.option("steps", 12000, 20, "steps of the generator"),
             .batch = d.option("batch", 20, 8, "images a step; the original's 250 takes long"),
             .critic_steps = d.option("critic", 2, 2, "critic steps for one, Wasserstein"),
             .lr = d.option("lr", w ? 1e-4 : 2e-4, 1e-3, "learning rate"),
             .wasserstein = w};
  d.start();
  const demo::Digits digits = d.digits();
  const std::string name = w ? "wgan" : "dcgan";
  s.picture = d.out(name + ".png");
  const Training training(s);
  const Tensor noise = randn({100, kNoise});
  const Curves curves = learn(d, training, digits.train, s, noise);

  const Tensor drawn = draw(training.generator, noise);
  const Tensor real = scaled(narrow(digits.test.images(), 0, 0, 500));
  d.at_most("distance of the drawings' ink from the digits'", ink_distance(drawn, real), 0.1, 1.5);
  io::save_png(s.picture, sheet(drawn));
  d.write(name + ".svg", io::to_svg({.title = "Losses of the two networks",
                                     .x_label = "step",
                                     .left_label = "loss",
                                     .series = {curves.discriminator, curves.generator}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A generator and a discriminator learn from each other.", gan);
}
