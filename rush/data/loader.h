// DataLoader: batches of a dataset, in order or shuffled from a seed, made by worker threads ahead
// of their use.
//
//   DataLoader loader(dataset, {.batch_size = 64, .shuffle = true, .seed = 1, .workers = 1});
//   for (int epoch = 0; epoch < 5; ++epoch)
//     for (auto [x, y] : loader) ...
//
// Each `for` is an epoch with an order of its own. The batches and all that is random in them
// depend on the seed, the epoch and their number only: not on workers, prefetch or timing. An
// exception in a worker is rethrown in the loop, in its batch's place; leaving the loop early
// stops the workers.
#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "rush/data/dataset.h"

namespace rush::data {

struct LoaderOptions {
  int64_t batch_size = 1;
  bool shuffle = false;
  uint64_t seed = 0;
  int workers = 0;         // threads that make batches; 0: the loop's own thread makes them
  int prefetch = 2;        // batches ready ahead, for each worker
  bool drop_last = false;  // leave out a last batch that is not full
};

namespace detail {

using AnyBatch = std::vector<Tensor>;

// The rows of each batch of one epoch.
class EpochPlan {
 public:
  EpochPlan(int64_t size, const LoaderOptions& options, uint64_t epoch);
  int64_t batches() const { return batches_; }
  Rows rows(int64_t batch) const;

 private:
  std::vector<int64_t> order_;
  int64_t batch_size_, batches_;
};

void check_options(const LoaderOptions& options);
int64_t count_batches(int64_t size, const LoaderOptions& options);

// Runs make(0), make(1), ... on worker threads, at most `ahead` results before their use, and hands
// the results out in order. The destructor stops and joins the threads.
class Prefetcher {
 public:
  using Make = std::function<AnyBatch(int64_t)>;
  Prefetcher(int64_t count, int workers, int ahead, Make make);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  AnyBatch next();  // Requires: fewer than `count` calls before. Rethrows what make() threw.

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace detail

template <Dataset D>
class DataLoader {
 public:
  using Batch = BatchOf<D>;

  explicit DataLoader(D dataset, LoaderOptions options = {})
      : dataset_(std::make_shared<const D>(std::move(dataset))), options_(options) {
    detail::check_options(options_);
  }

  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    const Batch& operator*() const { return batch_; }
    Iterator& operator++() {
      ++index_;
      load();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return index_ >= plan_->batches(); }

   private:
    friend class DataLoader;
    Iterator(std::shared_ptr<const D> dataset, const LoaderOptions& options, uint64_t epoch)
        : plan_(std::make_shared<detail::EpochPlan>(dataset->size(), options, epoch)) {
      auto make = [dataset, plan = plan_, seed = options.seed, epoch](int64_t batch) {
        Random random(seed, epoch, static_cast<uint64_t>(batch));
        auto fields = fetch(*dataset, plan->rows(batch), random);
        return detail::AnyBatch(fields.begin(), fields.end());
      };
      workers_ = std::make_unique<detail::Prefetcher>(plan_->batches(), options.workers,
                                                      options.workers * options.prefetch, make);
      load();
    }
    void load() {
      if (index_ >= plan_->batches()) return;
      detail::AnyBatch fields = workers_->next();
      std::move(fields.begin(), fields.end(), batch_.begin());
    }

    std::shared_ptr<const detail::EpochPlan> plan_;
    std::unique_ptr<detail::Prefetcher> workers_;
    int64_t index_ = 0;
    Batch batch_;
  };

  Iterator begin() { return Iterator(dataset_, options_, epoch_++); }
  std::default_sentinel_t end() const { return {}; }

  int64_t size() const { return detail::count_batches(dataset_->size(), options_); }  // batches
  const D& dataset() const { return *dataset_; }
  const LoaderOptions& options() const { return options_; }
  // The number of the next epoch: set it to go on where an earlier run stopped.
  uint64_t epoch() const { return epoch_; }
  void set_epoch(uint64_t epoch) { epoch_ = epoch; }

 private:
  std::shared_ptr<const D> dataset_;
  LoaderOptions options_;
  uint64_t epoch_ = 0;
};

}  // namespace rush::data
