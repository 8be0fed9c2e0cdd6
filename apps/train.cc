// `rushlight train`: options, the run, and what is shown and saved at its end.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "commands.h"
#include "digit_image.h"
#include "rush/base/file.h"
#include "rush/base/random.h"
#include "rush/base/threads.h"
#include "training.h"

namespace rush::app {
namespace {

constexpr const char* kHelp =
    R"(Without options a small convolutional network learns from the 10,000 digits that
come with Rushlight, in less than half a minute. Ctrl-C ends the training early
and still saves what was learnt.

Examples:
  rushlight train digits
  rushlight train digits --epochs 3 --lr 0.001 --out quick.safetensors
  rushlight train digits --deterministic --seed 7
  rushlight train digits --epochs 1 --profile trace.json
  rushlight train --data ~/mnist      the full MNIST: its four files, plain or .gz
  rushlight train --download          ... downloaded first (11 MB)

Written: the weights (--out), and beside them the learning curve as .svg.)";

struct Settings {
  std::string task = "digits", folder, out = "digits.safetensors", trace;
  TrainOptions train;
  int threads = 0;
  bool deterministic = false, download = false;
};

std::string plural(int64_t n, const std::string& noun) {
  return with_commas(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string curve_path(const std::string& out) {
  return std::filesystem::path(out).replace_extension(".svg").string();
}

// Files that cannot be written are an error before the training, not after it.
void check_output(const std::string& out) {
  if (curve_path(out) == out) fail("train: --out ", out, ": the ending .svg is for the curve");
  for (const std::string& path : {out, curve_path(out)})
    const AtomicFile probe("train", path);  // leaves nothing without a commit
}

// Some test digits with what the network says; wrong ones first, for they teach the most.
void show_samples(const data::MnistDataset& test, const Evaluation& result) {
  constexpr int kGap = 2, kMost = 6;
  const int room = (terminal_width() - 1) / (static_cast<int>(kSide) + kGap);
  const size_t count = static_cast<size_t>(std::clamp(room, 1, kMost));
  const int64_t* labels = test.labels().data<int64_t>();
  std::vector<io::GreyPicture> pictures;
  std::vector<std::string> captions;
  const auto add = [&](int64_t i, const std::string& caption) {
    pictures.push_back(picture_of(test.images(), i));
    captions.push_back("#" + std::to_string(i) + ": " + caption);
  };
  for (int64_t i = 0; i < test.size() && pictures.size() < (count + 1) / 2; ++i)
    if (result.predictions[static_cast<size_t>(i)] != labels[i])
      add(i, std::to_string(result.predictions[static_cast<size_t>(i)]) + " (wrong, it is " +
                 std::to_string(labels[i]) + ")");
  for (int64_t i = 0; i < test.size() && pictures.size() < count; ++i)
    if (result.predictions[static_cast<size_t>(i)] == labels[i])
      add(i, std::to_string(labels[i]) + " (right)");
  std::cout << io::draw_row(pictures, captions, terminal_ink()) << "\n";
}

void print_intro(const DigitNet& net, const data::MnistDataset& train,
                 const data::MnistDataset& test, const Settings& s) {
  const int64_t used = s.train.limit > 0 ? std::min(s.train.limit, train.size()) : train.size();
  std::printf("%s digits to learn from, %s to test with (%s)\n", with_commas(used).c_str(),
              with_commas(test.size()).c_str(), train.folder().c_str());
  std::printf("a convolutional network with %s parameters, %s, batches of %s, %s\n\n",
              with_commas(parameter_count(net)).c_str(), plural(s.train.epochs, "epoch").c_str(),
              with_commas(s.train.batch).c_str(), plural(num_threads(), "thread").c_str());
  std::fflush(stdout);
}

void print_outcome(const TrainResult& result) {
  std::printf("test accuracy %s%% (%s of %s) after %s s of training\n",
              fixed(100 * result.test.accuracy(), 2).c_str(),
              with_commas(result.test.correct).c_str(), with_commas(result.test.count).c_str(),
              fixed(result.seconds, 1).c_str());
}

void show_profile(const Profile& seen, const std::string& trace) {
  std::printf("\nwhere the time of some steps went, by op and by module\n\n%s\n%s",
              seen.table({.rows = 25}).c_str(), seen.table({.by = ProfileBy::kModule}).c_str());
  if (trace.empty()) return;
  seen.write_trace(trace);
  std::printf("saved %s; open it in https://ui.perfetto.dev\n", trace.c_str());
}

int run_train(const Settings& s) {
  check_output(s.out);
  if (!s.trace.empty()) const AtomicFile probe("train", s.trace);
  if (s.threads > 0) set_num_threads(s.threads);
  set_deterministic(s.deterministic);
  manual_seed(s.train.seed);
  const data::MnistDataset train({.folder = s.folder, .download = s.download});
  const data::MnistDataset test({.folder = train.folder(), .train = false});
  DigitNet net;
  if (!s.train.quiet) print_intro(net, train, test, s);
  watch_interrupts();
  const TrainResult result = train_digits(net, train, test, s.train);
  save_digit_net(s.out, net, {{"test_accuracy", fixed(result.test.accuracy(), 4)}});
  write_file("save", curve_path(s.out), learning_curve(result.history));
  if (!s.train.quiet && !result.interrupted && is_terminal()) show_samples(test, result.test);
  print_outcome(result);
  if (!s.train.quiet) {
    std::printf("saved %s and %s\n", s.out.c_str(), curve_path(s.out).c_str());
    std::printf("next: rushlight predict %s --sample 7\n", s.out.c_str());
  }
  if (s.train.profile) show_profile(result.profile, s.trace);
  return result.interrupted ? kInterrupted : 0;
}

}  // namespace

Command train_command(CLI::App& app) {
  auto s = std::make_shared<Settings>();
  CLI::App* c = app.add_subcommand("train", "Train a network that reads handwritten digits");
  c->footer(kHelp);
  c->add_option("task", s->task, "What to learn (so far digits, the default)")
      ->check(CLI::IsMember({"digits"}))
      ->option_text(" ");
  c->add_option("--epochs", s->train.epochs, "Times through all images (default 10)")
      ->check(CLI::Range(1, 10000))
      ->option_text("N");
  c->add_option("--batch", s->train.batch, "Images a step (default 64)")
      ->check(CLI::Range(1, 10000))
      ->option_text("N");
  c->add_option("--lr", s->train.lr, "Largest learning rate of the cycle (default 0.003)")
      ->check(CLI::Range(1e-9, 1e3))
      ->option_text("X");
  c->add_option("--seed", s->train.seed, "For weights, order and augmentation (default 1)")
      ->option_text("N");
  c->add_option("--threads", s->threads, "Threads to use (default: one a core)")
      ->check(CLI::Range(1, 1024))
      ->option_text("N");
  c->add_option("--limit", s->train.limit, "Learn from the first N images only")
      ->check(CLI::Range(1, 1000000000))
      ->option_text("N");
  c->add_option("--out", s->out, "For the weights (default digits.safetensors)")
      ->option_text("FILE");
  c->add_option("--data", s->folder, "With MNIST's four files, or with a folder mnist")
      ->option_text("FOLDER");
  c->add_flag("--download", s->download, "Get the full MNIST into --data, or the user's cache");
  c->add_flag("--deterministic", s->deterministic, "The same bits with any number of threads");
  c->add_flag("--quiet", s->train.quiet, "Print only the result");
  const CLI::Option* profile =
      c->add_option("--profile", s->trace,
                    "Show where the time of some steps goes, and write a trace for Perfetto")
          ->expected(0, 1)
          ->option_text("[TRACE.json]");
  return {c, [s, profile] {
            s->train.profile = profile->count() > 0;
            return run_train(*s);
          }};
}

}  // namespace rush::app
