// Reinforcement learning: a cart learns to balance a pole for 500 steps. The physics are those of
// Barto, Sutton and Anderson (1983); the method is REINFORCE: play episodes with chances that a
// network gives, then make actions likelier the more reward followed than usual.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include <cmath>
#include <numeric>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int kLongest = 500;

// Position and speed of the cart, angle and angular speed of the pole.
struct CartPole {
  std::array<double, 4> state;

  explicit CartPole(data::Random& random) {
    for (double& v : state) v = random.uniform(-0.05, 0.05);
  }
  // Pushes left or right for 0.02 s (Euler's method); false when the pole or the cart is lost.
  bool step(bool right) {
    constexpr double kGravity = 9.8, kCart = 1.0, kPole = 0.1, kTotal = kCart + kPole;
    constexpr double kHalf = 0.5, kPush = 10, kTime = 0.02;
    auto& [x, speed, angle, turn] = state;
    const double c = std::cos(angle), s = std::sin(angle);
    const double a = ((right ? kPush : -kPush) + kPole * kHalf * turn * turn * s) / kTotal;
    const double turning = (kGravity * s - c * a) / (kHalf * (4.0 / 3.0 - kPole * c * c / kTotal));
    const double pushed = a - kPole * kHalf * turning * c / kTotal;
    x += kTime * speed;
    speed += kTime * pushed;
    angle += kTime * turn;
    turn += kTime * turning;
    constexpr double kEdge = 2.4, kTilt = 12 * 2 * 3.14159265358979 / 360;
    return std::abs(x) <= kEdge && std::abs(angle) <= kTilt;
  }
};

struct Policy {
  nn::Linear fc1{4, 64}, fc2{64, 64}, out{64, 2};
  Tensor operator()(const Tensor& states) const { return out(tanh(fc2(tanh(fc1(states))))); }
};

struct Episode {
  std::vector<std::array<double, 4>> states;
  std::vector<int64_t> actions;
};

// Plays episodes side by side, one product of the network for a step of all of them. Greedy: the
// likelier action instead of one drawn.
std::vector<Episode> play(const Policy& policy, size_t count, bool greedy, data::Random& random) {
  const NoGrad no_grad;
  std::vector<CartPole> carts;
  for (size_t i = 0; i < count; ++i) carts.emplace_back(random);
  std::vector<Episode> episodes(count);
  std::vector<size_t> playing(count);
  std::iota(playing.begin(), playing.end(), size_t{0});
  for (int t = 0; t < kLongest && !playing.empty(); ++t) {
    std::vector<float> states;
    for (size_t i : playing)
      for (double v : carts[i].state) states.push_back(static_cast<float>(v));
    const auto n = static_cast<int64_t>(playing.size());
    const auto chances = softmax(policy(Tensor::from(states, {n, 4})), 1).to_vector();
    std::vector<size_t> left;
    for (size_t k = 0; k < playing.size(); ++k) {
      const size_t i = playing[k];
      const double threshold = greedy ? 0.5 : random.uniform();
      const bool right = chances[2 * k + 1] > threshold;
      episodes[i].states.push_back(carts[i].state);
      episodes[i].actions.push_back(right);
      if (carts[i].step(right)) left.push_back(i);
    }
    playing = left;
  }
  return episodes;
}

double mean_length(const std::vector<Episode>& episodes) {
  double steps = 0;
  for (const Episode& e : episodes) steps += static_cast<double>(e.actions.size());
  return steps / static_cast<double>(episodes.size());
}

// One step of the policy. Every step earns 1, later ones count less; the usual return, which is
// taken off, is that of the same moment in the other episodes.
Tensor policy_loss(const Policy& policy, const std::vector<Episode>& episodes) {
  constexpr double kDiscount = 0.99;
  std::vector<std::vector<double>> returns;
  std::vector<double> sums(kLongest), counts(kLongest);
  for (const Episode& e : episodes) {
    std::vector<double> r(e.actions.size());
    double later = 0;
    for (size_t t = r.size(); t-- > 0;) r[t] = later = 1 + kDiscount * later;
    for (size_t t = 0; t < kLongest; ++t) sums[t] += t < r.size() ? r[t] : 0;
    returns.push_back(r);
  }
  std::vector<float> states, advantages;
  std::vector<int64_t> actions;
  for (size_t i = 0; i < episodes.size(); ++i)
    for (size_t t = 0; t < returns[i].size(); ++t) {
      for (double v : episodes[i].states[t]) states.push_back(static_cast<float>(v));
      actions.push_back(episodes[i].actions[t]);
      const double usual = sums[t] / static_cast<double>(episodes.size());
      advantages.push_back(static_cast<float>(returns[i][t] - usual));
    }
  const auto n = static_cast<int64_t>(actions.size());
  const Tensor advantage = Tensor::from(advantages);
  const Tensor surprise = nn::cross_entropy(policy(Tensor::from(states, {n, 4})),
                                            Tensor::from(actions), {.reduction = Reduction::kNone});
  return mean(surprise * advantage / (std_dev(advantage) + 1e-6));
}

void cart_pole(demo::Demo& d) {
  const int64_t rounds = d.option("rounds", 75, 40, "steps of the policy, at most");
  const int64_t episodes = d.option("episodes", 16, 16, "played for one step");
  const double lr = d.option("lr", 1e-2, 1e-2, "learning rate");
  d.start();
  data::Random random(default_generator().seed() + 1);
  Policy policy;
  optim::Adam adam(parameters(policy), {.lr = lr});
  io::Series lengths{"steps the pole stood", {}, {}};
  d.begin("playing", rounds);
  for (int64_t round = 1; round <= rounds; ++round) {
    const auto played = play(policy, static_cast<size_t>(episodes), false, random);
    adam.step(policy_loss(policy, played));
    lengths.x.push_back(static_cast<double>(round * episodes));
    lengths.y.push_back(mean_length(played));
    d.update(round, "mean length " + io::fixed(lengths.y.back(), 0));
    if (round % 10 == 0)
      d.say("after %4d episodes: the pole stands for %.0f steps",
            static_cast<int>(round * episodes), lengths.y.back());
  }
  const double mean = mean_length(play(policy, 100, true, random));
  d.at_least("mean length of 100 new episodes", mean, 475, 300);
  d.write("cart_pole.svg", io::to_svg({.title = "A cart learns to balance a pole (REINFORCE)",
                                       .x_label = "episodes played",
                                       .left_label = "steps, 500 at most",
                                       .series = {lengths}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A cart learns to balance a pole.", cart_pole);
}
