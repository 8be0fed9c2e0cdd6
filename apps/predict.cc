// `rushlight predict`: one image through a saved network, shown with its probabilities.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "commands.h"
#include "digit_image.h"
#include "digit_net.h"
#include "rush/core/apply.h"
#include "rush/data/mnist.h"
#include "rush/data/transforms.h"
#include "rush/io/png.h"
#include "terminal.h"

namespace rush::app {
namespace {

constexpr const char* kHelp =
    R"(The picture may have any size and colours: it is made grey, inverted when its
background is light, cut out and centred as the training images are.

Examples:
  rushlight predict digits.safetensors my_seven.png
  rushlight predict digits.safetensors --sample 7     a test image, with its answer
  rushlight predict digits.safetensors --sample 7 --data ~/mnist)";

struct Settings {
  std::string model, image, folder;
  int64_t sample = -1;
};

struct Question {
  Tensor pixels;  // [1, 1, 28, 28], 0 to 1
  int64_t answer = -1;
};

Question sample_question(const Settings& s) {
  const data::MnistDataset test({.folder = s.folder, .train = false});
  if (s.sample >= test.size())
    fail<IndexError>("predict: --sample ", s.sample, ": there are samples 0 to ", test.size() - 1);
  data::Random unused(0);
  const std::array<Tensor, 2> one = test.batch({&s.sample, 1}, unused);
  return {data::ToFloat{}(one[0], unused), one[1].item<int64_t>()};
}

std::vector<double> softmax_of(const std::vector<double>& logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (double v : logits) sum += p.emplace_back(std::exp(v - largest));
  for (double& v : p) v /= sum;
  return p;
}

int run_predict(const Settings& s) {
  const DigitNet net = load_digit_net(s.model);
  const Question question =
      s.image.empty() ? sample_question(s) : Question{digit_from_picture(io::load_png(s.image))};
  const NoGrad no_grad;
  const auto p = softmax_of(net(normalized(question.pixels)).to_vector<double>());
  const auto best = std::max_element(p.begin(), p.end()) - p.begin();
  for (const std::string& line : io::draw_picture(picture_of(question.pixels, 0), terminal_ink()))
    std::cout << "  " << line << "\n";
  std::cout << "\n";
  constexpr int kBar = 30;
  for (int digit = 0; digit < kClasses; ++digit)
    std::printf("  %d %s %5.1f%%\n", digit,
                io::draw_bar(p[static_cast<size_t>(digit)], kBar, terminal_ink()).c_str(),
                100 * p[static_cast<size_t>(digit)]);
  std::printf("\nprediction: %d (%.1f%%)", static_cast<int>(best),
              100 * p[static_cast<size_t>(best)]);
  if (question.answer >= 0)
    std::printf(", %s", question.answer == best
                            ? "which is right"
                            : ("but it is " + std::to_string(question.answer)).c_str());
  std::printf("\n");
  return 0;
}

}  // namespace

Command predict_command(CLI::App& app) {
  auto s = std::make_shared<Settings>();
  CLI::App* c = app.add_subcommand("predict", "Ask a trained network about a picture");
  c->footer(kHelp);
  c->add_option("model", s->model, "Weights saved by 'rushlight train digits'")
      ->required()
      ->option_text(" ");
  CLI::Option* image =
      c->add_option("image", s->image, "A PNG picture of a digit")->option_text(" ");
  CLI::Option* sample = c->add_option("--sample", s->sample, "Test image number N instead")
                            ->check(CLI::Range(int64_t{0}, int64_t{1000000000}))
                            ->option_text("N");
  image->excludes(sample);
  c->add_option("--data", s->folder, "With MNIST's files, for --sample")->option_text("FOLDER");
  c->callback([image, sample] {
    if (image->count() + sample->count() == 0) throw CLI::RequiredError("an image or --sample N");
  });
  return {c, [s] { return run_predict(*s); }};
}

}  // namespace rush::app
