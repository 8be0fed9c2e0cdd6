#include "common/demo.h"

#include <rush/base/file.h>
#include <rush/base/random.h>
#include <rush/core/apply.h>
#include <rush/data/loader.h>
#include <rush/nn/init.h>
#include <rush/nn/metrics.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace demo {
namespace {

using rush::Tensor;

struct HelpShown {};
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr int kFailed = 1, kUsage = 2;

std::string short_number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

}  // namespace

Demo::Demo(int argc, char** argv, std::string about)
    : program_(std::filesystem::path(argv[0]).filename().string()), about_(std::move(about)) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0)
      throw UsageError(word + " is no option; options begin with --, see --help");
    const bool has_value = i + 1 < argc && std::string(argv[i + 1]).rfind("--", 0) != 0;
    given_.emplace_back(word.substr(2), has_value ? argv[i + 1] : "");
    if (has_value) ++i;
  }
  quick_ = given("quick") != nullptr;
  flag("quick", "a few seconds on the data that comes with Rushlight, as the tests run it");
  declare("seed", "of the random numbers", 0, 0);
  options_.push_back(
      {"data", "folder of the full data; without it, it is downloaded", "FOLDER", true});
  options_.push_back({"out", "folder for pictures and files", "FOLDER", true});
}

const std::string* Demo::given(const std::string& name) const {
  for (const auto& [key, value] : given_)
    if (key == name) return &value;
  return nullptr;
}

double Demo::number(const std::string& name, double standard) const {
  const std::string* text = given(name);
  if (!text) return standard;
  char* end = nullptr;
  const double value = std::strtod(text->c_str(), &end);
  if (text->empty() || *end != '\0') throw UsageError("--" + name + " needs a number");
  return value;
}

void Demo::declare(const std::string& name, const std::string& help, double full, double quick) {
  std::string standard = short_number(full);
  if (quick != full) standard += ", quick " + short_number(quick);
  options_.push_back({name, help, standard, true});
}

double Demo::option(const std::string& name, double full, double quick, const std::string& help) {
  declare(name, help, full, quick);
  return number(name, quick_ ? quick : full);
}

int64_t Demo::option(const std::string& name, int full, int quick, const std::string& help) {
  return static_cast<int64_t>(
      option(name, static_cast<double>(full), static_cast<double>(quick), help));
}

bool Demo::flag(const std::string& name, const std::string& help) {
  options_.push_back({name, help, "", false});
  return given(name) != nullptr;
}

void Demo::show_help() const {
  std::printf("%s\n\nusage: %s [options]\n", about_.c_str(), program_.c_str());
  for (const Option& o : options_)
    std::printf("  %-22s%s%s\n", ("--" + o.name + (o.has_value ? " " : "")).c_str(), o.help.c_str(),
                o.has_value ? (" (" + o.standard + ")").c_str() : "");
}

void Demo::refuse_unknown() const {
  for (const auto& [name, value] : given_) {
    const auto same = [&](const Option& o) { return o.name == name; };
    const auto known = std::find_if(options_.begin(), options_.end(), same);
    if (known == options_.end()) throw UsageError("--" + name + " is unknown; see --help");
    if (known->has_value == value.empty())
      throw UsageError("--" + name + (value.empty() ? " needs a value" : " takes no value"));
  }
}

void Demo::start() {
  if (given("help")) {
    show_help();
    throw HelpShown();
  }
  refuse_unknown();
  rush::manual_seed(static_cast<uint64_t>(number("seed", 0)));
  if (const std::string* folder = given("data")) folder_ = *folder;
  if (const std::string* folder = given("out")) out_ = *folder;
  std::filesystem::create_directories(out_);
  begin_ = Clock::now();
}

Digits Demo::digits() const {
  const bool download = !quick_ && folder_.empty();
  const rush::data::MnistDataset train({.folder = folder_, .download = download});
  return {train, rush::data::MnistDataset({.folder = train.folder(), .train = false})};
}

void Demo::say(const char* format, ...) {
  progress_.erase();
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
  std::fflush(stdout);
}

void Demo::begin(const std::string& label, int64_t total) {
  progress_.start(label, total);
  begin_ = Clock::now();
}

void Demo::update(int64_t done, const std::string& text) { progress_.update(done, text); }

double Demo::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

std::string Demo::out(const std::string& name) {
  const std::string path = (std::filesystem::path(out_) / name).string();
  say("writing %s", path.c_str());
  return path;
}

void Demo::write(const std::string& name, const std::string& content) {
  rush::write_file("write", out(name), content);
}

void Demo::report(const std::string& what, double value, double goal, bool reached,
                  const char* word) {
  say("%s: %.6g (goal: %s %.6g)%s", what.c_str(), value, word, goal, reached ? "" : "  MISSED");
  if (!reached) status_ = kFailed;
}

void Demo::at_least(const std::string& what, double value, double full, double quick) {
  const double goal = quick_ ? quick : full;
  report(what, value, goal, value >= goal, "at least");
}

void Demo::at_most(const std::string& what, double value, double full, double quick) {
  const double goal = quick_ ? quick : full;
  report(what, value, goal, value <= goal, "at most");
}

int run(int argc, char** argv, const char* about, const std::function<void(Demo&)>& program) {
  try {
    Demo d(argc, argv, about);
    program(d);
    return d.status();
  } catch (const HelpShown&) {
    return 0;
  } catch (const UsageError& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return kUsage;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return kFailed;
  }
}

rush::data::Subset<rush::data::MnistDataset> some(const rush::data::MnistDataset& digits,
                                                  int64_t from, int64_t count) {
  const auto rows = rush::data::shuffled_rows(digits.size(), 0);
  const int64_t end = std::min(from + count, digits.size());
  return {digits, std::vector<int64_t>(rows.begin() + from, rows.begin() + end)};
}

LearningCurves learn(Demo& d, int64_t steps, const std::function<double()>& step,
                     const std::function<double()>& test) {
  constexpr int64_t kPoints = 20;
  const int64_t between = std::max<int64_t>(1, steps / kPoints);
  LearningCurves curves;
  double recent = 0;
  d.begin("learning", steps);
  for (int64_t i = 1; i <= steps; ++i) {
    recent += step();
    const auto since = static_cast<double>((i - 1) % between + 1);
    d.update(i, "loss " + rush::io::fixed(recent / since, 3));
    if (i % between != 0) continue;
    for (rush::io::Series* s : {&curves.train, &curves.test})
      s->x.push_back(static_cast<double>(i));
    curves.train.y.push_back(recent / since);
    curves.test.y.push_back(test());
    recent = 0;
    d.say("step %5d: loss %.3f, unseen %.3f, %.0f s", static_cast<int>(i), curves.train.y.back(),
          curves.test.y.back(), d.seconds());
  }
  return curves;
}

void start_as_minitorch(const rush::nn::ModuleRef& net) {
  namespace init = rush::nn::init;
  for (const auto& [name, p] : rush::named_parameters(net)) {
    if (name.ends_with("bias"))
      init::zeros_(p);
    else if (p.rank() > 1)
      init::kaiming_uniform_(p, {.nonlinearity = init::Nonlinearity::kLinear});
  }
}

double accuracy(const rush::data::MnistDataset& digits,
                const std::function<Tensor(const Tensor& images)>& scores) {
  const rush::NoGrad no_grad;
  double right = 0;
  for (const auto& [images, labels] : rush::data::DataLoader(digits, {.batch_size = 500}))
    right += rush::nn::accuracy(scores(images), labels) * static_cast<double>(labels.numel());
  return right / static_cast<double>(digits.size());
}

}  // namespace demo
