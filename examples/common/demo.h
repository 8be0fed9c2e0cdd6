// What the examples share: options with --help, data by one rule, a progress line, files written to
// one folder, and results that are compared with a goal.
//
//   int main(int argc, char** argv) {
//     return demo::run(argc, argv, "A network learns to add.", [](demo::Demo& d) {
//       const int64_t epochs = d.option("epochs", 10, 1, "passes over the data");  // full, --quick
//       d.start();                                                // parses; seeds; --help ends
//       here
//       ...
//       d.at_least("accuracy", accuracy, 0.98, 0.9);              // goals: full, --quick
//     });
//   }
#pragma once

#include <rush/data/mnist.h>
#include <rush/data/subset.h>
#include <rush/io/chart.h>
#include <rush/io/progress.h>
#include <rush/nn/module.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace demo {

struct Digits {
  rush::data::MnistDataset train, test;
};

// `count` images from place `from` on of an order at random that is the same every time.
rush::data::Subset<rush::data::MnistDataset> some(const rush::data::MnistDataset& digits,
                                                  int64_t from, int64_t count);

class Demo {
 public:
  Demo(int argc, char** argv, std::string about);

  // Declares --name with its default in full and in quick mode, and gives its value.
  double option(const std::string& name, double full, double quick, const std::string& help);
  int64_t option(const std::string& name, int full, int quick, const std::string& help);
  bool flag(const std::string& name, const std::string& help);
  // After the last option: shows the help, refuses unknown options, seeds the random numbers.
  void start();
  bool quick() const { return quick_; }

  // --quick: the extract of MNIST that comes with Rushlight. Otherwise the whole set, in --data or
  // downloaded once.
  Digits digits() const;
  // Where texts are (rush/data/text.h): none for the shipped extract in quick mode.
  std::string folder() const { return folder_; }

  // A line that stays, and the progress line: update(steps done, what to show beside it).
  void say(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void begin(const std::string& label, int64_t total);
  void update(int64_t done, const std::string& text);
  double seconds() const;  // since begin()

  // The path of a file to write, in the folder --out.
  std::string out(const std::string& name);
  void write(const std::string& name, const std::string& content);

  // Reports a number. One that misses its goal makes the program's exit status 1.
  void at_least(const std::string& what, double value, double full, double quick);
  void at_most(const std::string& what, double value, double full, double quick);
  int status() const { return status_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Option {
    std::string name, help, standard;
    bool has_value;
  };
  const std::string* given(const std::string& name) const;
  double number(const std::string& name, double standard) const;
  void declare(const std::string& name, const std::string& help, double full, double quick);
  void report(const std::string& what, double value, double goal, bool reached, const char* word);
  void show_help() const;
  void refuse_unknown() const;

  std::string program_, about_, folder_, out_ = ".";
  std::vector<std::pair<std::string, std::string>> given_;  // name, value or ""
  std::vector<Option> options_;
  bool quick_ = false;
  int status_ = 0;
  rush::io::Progress progress_{true, "steps"};
  Clock::time_point begin_ = Clock::now();
};

// Runs a program; errors become one line and status 1, wrong usage status 2.
int run(int argc, char** argv, const char* about, const std::function<void(Demo&)>& program);

// Calls step(), which gives a loss, `steps` times; twenty times between, test() gives another.
// Shows both and collects them for a chart.
struct LearningCurves {
  rush::io::Series train{"training", {}, {}}, test{"unseen", {}, {}, false, true};
};
LearningCurves learn(Demo& d, int64_t steps, const std::function<double()>& step,
                     const std::function<double()>& test);

// One pass over a loader: step(batch fields...) gives a loss; the result is its mean.
template <typename Loader, typename Step>
double learn_epoch(Demo& d, int64_t epoch, Loader& loader, const Step& step) {
  d.begin("epoch " + std::to_string(epoch), loader.size());
  double total = 0;
  int64_t done = 0;
  for (const auto& [images, labels] : loader) {
    total += step(images, labels);
    ++done;
    d.update(done, "loss " + rush::io::fixed(total / static_cast<double>(done), 4));
  }
  return total / static_cast<double>(done);
}

// MiniTorch's first weights: biases of zero, LeCun's uniform for the rest.
void start_as_minitorch(const rush::nn::ModuleRef& net);

// nn::accuracy over a data set, by batches; scores(images) takes uint8 images.
double accuracy(const rush::data::MnistDataset& digits,
                const std::function<rush::Tensor(const rush::Tensor& images)>& scores);

}  // namespace demo
