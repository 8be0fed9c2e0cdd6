// Three spiral arms, told apart by a small network that is defined first and run later:
// placeholders, variables, a session. Data and first weights are those of np-auto-diff's
// demonstration, dumped from NumPy (tools/make_spiral.py), so the losses can be compared with the
// ones it printed.
#include <rush/io/chart.h>
#include <rush/io/npy_dict.h>
#include <rush/rush.h>

#include <cmath>

#include "common/demo.h"
#include "rush/data/folders.h"

using namespace rush;

namespace {

constexpr int kSteps = 10000, kEvery = 1000;
constexpr double kPrinted[] = {1.098719, 1.095585, 1.093743, 0.661386, 0.268614,
                               0.144478, 0.131555, 0.127640, 0.125688, 0.124415};
constexpr int64_t kTrain = 300, kArms = 3;

// The network's choice at every point of a grid, and the test points over it.
io::Chart decision_chart(Session& session, const Tensor& x, const Tensor& scores,
                         const Tensor& points, const Tensor& arms) {
  constexpr int kGrid = 160;
  constexpr double kEdge = 1.0;
  const Tensor axis = linspace(-kEdge, kEdge, kGrid);
  const Tensor axes[] = {axis, axis};
  const Tensors rows_columns = meshgrid(axes);
  const Tensor grid = stack({rows_columns[1].flatten(), rows_columns[0].flatten()}, 1);
  io::Chart chart{.title = "Three arms, and what the network says of the plane",
                  .regions = {-kEdge, kEdge, -kEdge, kEdge, kGrid},
                  .width = 640,
                  .height = 600};
  for (int64_t c : session.run(scores, {{x, grid}}).argmax(1).to_vector<int64_t>())
    chart.regions.classes.push_back(static_cast<int>(c));
  for (int64_t arm = 0; arm < kArms; ++arm) {
    const Tensor of_arm = points[{eq(arms, arm)}];
    chart.series.push_back({.name = "arm " + std::to_string(arm + 1),
                            .x = of_arm[{kEllipsis, 0}].to_vector(),
                            .y = of_arm[{kEllipsis, 1}].to_vector(),
                            .has_line = false});
  }
  return chart;
}

void spiral(demo::Demo& d) {
  d.start();
  const State given = io::load_npy_dict(data::shipped_file("spiral/spiral.npy"));
  const Tensor points = given[0].second, arms = cast(given[1].second, int64);
  const auto train_part = [](const Tensor& t) { return narrow(t, 0, 0, kTrain).contiguous(); };
  const auto test_part = [](const Tensor& t) {
    return narrow(t, 0, kTrain, t.size(0) - kTrain).contiguous();
  };

  const Tensor x = placeholder(float32, {"batch", 2}, "x"), y = placeholder(int64, {"batch"}, "y");
  Tensor scores = x, penalty = 0.0;
  for (size_t i = 0; i < 3; ++i) {
    const auto& [name, first] = given[2 + i];
    const Tensor w = variable(first, VariableOptions{.name = name});
    const Tensor b = variable(zeros({first.size(1)}), VariableOptions{.name = "b_of_" + name});
    scores = matmul(i == 0 ? scores : relu(scores), w) + b;
    penalty = penalty + 1e-3 * 0.5 * sum(square(w));
  }
  const Tensor loss = nn::cross_entropy(scores, y) + penalty;
  optim::SGD descent(default_graph().variables(), {.lr = 0.1});
  const Tensor train = descent.minimize(loss);

  Session session;
  session.initialize();
  const std::vector<Feed> feeds{{x, train_part(points)}, {y, train_part(arms)}};
  double furthest = 0;
  d.begin("training", kSteps);
  for (int step = 0; step < kSteps; ++step) {
    const double value = session.run({loss, train}, feeds)[0].item();
    d.update(step + 1, "loss " + io::fixed(value, 4));
    if (step % kEvery != 0) continue;
    const double printed = kPrinted[step / kEvery], away = std::abs(value - printed) / printed;
    d.say("step %5d: loss %.6f, the original's %.6f", step, value, printed);
    // Where the loss falls steeply, the last bits of a step are seen in the third digit.
    furthest = std::max(furthest, step == 4000 ? away / 20 : away);
  }
  d.at_most("largest relative distance of the ten losses", furthest, 5e-4, 5e-4);
  const Tensor test = session.run(scores, {{x, test_part(points)}});
  d.at_least("test accuracy", nn::accuracy(test, test_part(arms)), 0.9933, 0.9933);
  d.write("spiral.svg",
          io::to_svg(decision_chart(session, x, scores, test_part(points), test_part(arms))));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "Three spiral arms, told apart by a graph and a session.", spiral);
}
