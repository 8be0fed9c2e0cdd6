// The training loop of `rushlight train digits`, apart from the command line: data with small
// shifts and turns, AdamW with a one-cycle rate, the history for the learning curve.
#pragma once

#include <string>
#include <vector>

#include "digit_net.h"
#include "rush/data/mnist.h"
#include "rush/profile/profile.h"
#include "terminal.h"

namespace rush::app {

struct TrainOptions {
  int64_t epochs = 10, batch = 64, limit = 0;  // limit: use the first images only; 0: all
  double lr = 3e-3;
  uint64_t seed = 1;
  bool quiet = false;
  bool profile = false;  // some of the first steps: TrainResult::profile
};

struct History {
  std::vector<double> loss_at, loss;  // epochs (with fractions) and the mean loss since the last
  std::vector<double> epoch, train_accuracy, test_accuracy;  // 0 to 1
};

struct Evaluation {
  int64_t correct = 0, count = 0;
  std::vector<int64_t> predictions;
  double accuracy() const {
    return count > 0 ? static_cast<double>(correct) / static_cast<double>(count) : 0;
  }
};
Evaluation evaluate(DigitNet& net, const data::MnistDataset& test);

struct TrainResult {
  History history;
  Evaluation test;
  double seconds = 0;  // of training, without the evaluations
  bool interrupted = false;
  Profile profile;
};
// Trains `net` in place. Error when the loss is no longer a number.
TrainResult train_digits(DigitNet& net, const data::MnistDataset& train,
                         const data::MnistDataset& test, const TrainOptions& options);

std::string learning_curve(const History& history);  // SVG

}  // namespace rush::app
