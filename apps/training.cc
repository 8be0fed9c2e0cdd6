#include "training.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include "rush/core/apply.h"
#include "rush/data/loader.h"
#include "rush/data/map.h"
#include "rush/data/subset.h"
#include "rush/data/transforms.h"
#include "rush/io/chart.h"
#include "rush/ops/loss.h"
#include "rush/ops/reduce.h"
#include "rush/optim/adam.h"
#include "rush/optim/scheduler.h"

namespace rush::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kTestBatch = 500;
constexpr int kCurvePointsPerEpoch = 10;

int64_t count_correct(const Tensor& logits, const Tensor& labels,
                      std::vector<int64_t>* predictions = nullptr) {
  const auto found = argmax(logits, 1).to_vector<int64_t>();
  const int64_t* wanted = labels.data<int64_t>();
  int64_t correct = 0;
  for (size_t i = 0; i < found.size(); ++i) correct += found[i] == wanted[i];
  if (predictions) predictions->insert(predictions->end(), found.begin(), found.end());
  return correct;
}

// What is counted since the epoch's start, and since the last point of the curve.
struct Tally {
  double loss = 0, recent_loss = 0;
  int64_t images = 0, recent_batches = 0, batches = 0, correct = 0;

  void add(double batch_loss, int64_t batch_correct, int64_t n) {
    loss += batch_loss;
    recent_loss += batch_loss;
    ++batches;
    ++recent_batches;
    correct += batch_correct;
    images += n;
  }
  double mean_loss() const { return loss / static_cast<double>(batches); }
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(images); }
  std::string text() const {
    return "loss " + fixed(mean_loss(), 3) + "  accuracy " + fixed(100 * accuracy(), 1) + "%";
  }
};

class Trainer {
 public:
  Trainer(DigitNet& net, const data::MnistDataset& test, const TrainOptions& options)
      : net_(net), test_(test), options_(options), progress_(!options.quiet) {}

  template <typename Loader>
  TrainResult run(Loader& loader) {
    const auto params = parameters(net_);
    optim::AdamW optimizer(params, {.lr = options_.lr, .weight_decay = 0.01});
    const int64_t steps = options_.epochs * loader.size();
    optim::OneCycleLR schedule(
        optimizer,
        {.max_lr = options_.lr, .total_steps = steps + 1, .pct_start = 0.15, .div_factor = 3});
    for (int64_t e = 0; e < options_.epochs && !result_.interrupted; ++e)
      epoch(loader, optimizer, schedule, e, e + 1 == options_.epochs);
    return std::move(result_);
  }

 private:
  template <typename Loader>
  void epoch(Loader& loader, optim::Optimizer& optimizer, optim::Scheduler& schedule, int64_t e,
             bool is_last) {
    const std::string label =
        "epoch " + std::to_string(e + 1) + "/" + std::to_string(options_.epochs);
    const int64_t images = loader.dataset().size();
    const int64_t between = std::max<int64_t>(1, loader.size() / kCurvePointsPerEpoch);
    const auto begin = Clock::now();
    Tally tally;
    progress_.start(label, images);
    rush::train(net_);
    for (auto [x, y] : loader) {
      profile_step();
      const Tensor logits = net_(x);
      const Tensor loss = cross_entropy(logits, y);
      optimizer.step(loss);
      schedule.step();
      const auto value = loss.item<double>();
      if (!std::isfinite(value))
        fail("train: the loss is ", value, " in ", label, "; try a smaller --lr than ",
             options_.lr);
      tally.add(value, count_correct(logits.detach(), y), x.size(0));
      const bool is_point = tally.batches % between == 0;
      if (is_point) add_point(tally, static_cast<double>(e), images);
      progress_.update(tally.images, tally.text());
      if (is_interrupted()) break;
    }
    end_profile();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result_.seconds += seconds;
    result_.interrupted = is_interrupted();
    finish(tally, label, e, seconds, is_last);
  }

  // Profiles steps that come when the first ones have filled all caches, with the loading of data.
  void profile_step() {
    constexpr int64_t kSkipped = 3, kProfiled = 20;
    const int64_t step = steps_++;
    if (options_.profile && step == kSkipped) profiler_.emplace();
    if (profiler_ && step == kSkipped + kProfiled) end_profile();
  }
  void end_profile() {
    if (!profiler_) return;
    result_.profile = profiler_->stop();
    profiler_.reset();
  }

  void add_point(Tally& tally, double e, int64_t images) {
    result_.history.loss_at.push_back(e + static_cast<double>(tally.images) /
                                              static_cast<double>(images));
    result_.history.loss.push_back(tally.recent_loss / static_cast<double>(tally.recent_batches));
    tally.recent_loss = 0;
    tally.recent_batches = 0;
  }

  void finish(const Tally& tally, const std::string& label, int64_t e, double seconds,
              bool is_last) {
    progress_.update(tally.images, tally.text() + "  testing", true);
    result_.test = evaluate(net_, test_);
    result_.history.epoch.push_back(static_cast<double>(e + 1));
    result_.history.train_accuracy.push_back(tally.accuracy());
    result_.history.test_accuracy.push_back(result_.test.accuracy());
    progress_.erase();
    if (options_.quiet) return;
    const auto rate = static_cast<int64_t>(static_cast<double>(tally.images) / seconds);
    std::printf("%s  %s  test %s%%  %ss  %s images/s\n", label.c_str(), tally.text().c_str(),
                fixed(100 * result_.test.accuracy(), 2).c_str(), fixed(seconds, 1).c_str(),
                with_commas(rate).c_str());
    if (result_.interrupted)
      std::printf("interrupted after %s images of this epoch\n", with_commas(tally.images).c_str());
    else if (is_last)
      std::printf("\n");
    std::fflush(stdout);
  }

  DigitNet& net_;
  const data::MnistDataset& test_;
  const TrainOptions& options_;
  Progress progress_;
  int64_t steps_ = 0;
  std::optional<Profiler> profiler_;
  TrainResult result_;
};

}  // namespace

Evaluation evaluate(DigitNet& net, const data::MnistDataset& test) {
  const NoGrad no_grad;
  eval(net);
  data::DataLoader loader(data::transformed(test, data::Normalize{{kPixelMean}, {kPixelStd}}),
                          {.batch_size = kTestBatch});
  Evaluation result;
  for (auto [x, y] : loader) {
    result.correct += count_correct(net(x), y, &result.predictions);
    result.count += y.numel();
  }
  return result;
}

TrainResult train_digits(DigitNet& net, const data::MnistDataset& train,
                         const data::MnistDataset& test, const TrainOptions& options) {
  const bool all = options.limit == 0 || options.limit >= train.size();
  std::vector<int64_t> rows(static_cast<size_t>(all ? train.size() : options.limit));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const auto augmented = data::transformed(
      data::Subset(train, std::move(rows)),
      data::compose(
          data::ToFloat{},
          data::RandomAffine{.degrees = 10, .shift = 2, .scale_from = 0.9, .scale_to = 1.1},
          data::Normalize{{kPixelMean}, {kPixelStd}}));
  data::DataLoader loader(augmented, {.batch_size = options.batch,
                                      .shuffle = true,
                                      .seed = options.seed,
                                      .workers = 1,
                                      .prefetch = 4});
  return Trainer(net, test, options).run(loader);
}

std::string learning_curve(const History& h) {
  const auto percent = [](std::vector<double> v) {
    for (double& a : v) a *= 100;
    return v;
  };
  return io::to_svg(
      {.title = "Learning handwritten digits",
       .x_label = "epoch",
       .left_label = "training loss",
       .right_label = "accuracy in %",
       .series = {{"training loss", h.loss_at, h.loss},
                  {"training accuracy", h.epoch, percent(h.train_accuracy), true, true},
                  {"test accuracy", h.epoch, percent(h.test_accuracy), true, true}}});
}

}  // namespace rush::app
