#include "rush/data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "rush/data/subset.h"
#include "rush/profile/span.h"

namespace rush::data {
namespace {

constexpr int kMostWorkers = 256, kMostPrefetch = 1024;
constexpr uint64_t kShuffleStream = ~uint64_t{0};  // no batch has this number

}  // namespace

namespace detail {

void check_options(const LoaderOptions& o) {
  if (o.batch_size < 1) fail("DataLoader: batch_size must be at least 1, got ", o.batch_size);
  if (o.workers < 0 || o.workers > kMostWorkers)
    fail("DataLoader: workers must be in 0 to ", kMostWorkers, ", got ", o.workers);
  if (o.prefetch < 1 || o.prefetch > kMostPrefetch)
    fail("DataLoader: prefetch must be in 1 to ", kMostPrefetch, ", got ", o.prefetch);
}

int64_t count_batches(int64_t size, const LoaderOptions& o) {
  const int64_t full = size / o.batch_size;
  return full + (size % o.batch_size != 0 && !o.drop_last ? 1 : 0);
}

EpochPlan::EpochPlan(int64_t size, const LoaderOptions& options, uint64_t epoch)
    : batch_size_(options.batch_size), batches_(count_batches(size, options)) {
  if (options.shuffle) {
    order_ = shuffled_rows(size, Random(options.seed, epoch, kShuffleStream).next());
  } else {
    order_.resize(static_cast<size_t>(size));
    std::iota(order_.begin(), order_.end(), int64_t{0});
  }
}

Rows EpochPlan::rows(int64_t batch) const {
  const auto size = static_cast<int64_t>(order_.size());
  const int64_t from = batch * batch_size_;
  return Rows(order_).subspan(static_cast<size_t>(from),
                              static_cast<size_t>(std::min(batch_size_, size - from)));
}

// Invariants, all under `mutex`: batches below `claimed` were given to workers; finished ones that
// were not handed out yet stand in `ready`; claimed - used <= ahead, so memory is bounded.
struct Prefetcher::Shared {
  struct Result {
    AnyBatch batch;
    std::exception_ptr error;
  };
  Make make;
  int64_t count = 0, ahead = 0;
  std::mutex mutex;
  std::condition_variable room, arrival;
  int64_t claimed = 0, used = 0;
  bool stop = false;
  std::map<int64_t, Result> ready;
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      room.wait(lock, [&] { return stop || claimed == count || claimed - used < ahead; });
      if (stop || claimed == count) return;
      const int64_t index = claimed++;
      lock.unlock();
      Result result = run(index);
      lock.lock();
      ready.emplace(index, std::move(result));
      arrival.notify_one();
    }
  }

  Result run(int64_t index) {
    Result result;
    try {
      result.batch = make(index);
    } catch (...) {
      result.error = std::current_exception();
    }
    return result;
  }

  void halt() {
    {
      std::lock_guard lock(mutex);
      stop = true;
    }
    room.notify_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
};

Prefetcher::Prefetcher(int64_t count, int workers, int ahead, Make make)
    : shared_(std::make_unique<Shared>()) {
  shared_->make = std::move(make);
  shared_->count = count;
  shared_->ahead = ahead;
  try {
    for (int64_t i = 0; i < std::min<int64_t>(workers, count); ++i)
      shared_->threads.emplace_back([s = shared_.get()] { s->work(); });
  } catch (...) {
    shared_->halt();
    throw;
  }
}

Prefetcher::~Prefetcher() {
  if (shared_) shared_->halt();
}

AnyBatch Prefetcher::next() {
  const rush::detail::ProfileSpan span("data", ProfileKind::kRange);
  Shared& s = *shared_;
  if (s.threads.empty()) return s.make(s.used++);
  std::unique_lock lock(s.mutex);
  s.arrival.wait(lock, [&] { return s.ready.count(s.used) > 0; });
  Shared::Result result = std::move(s.ready.extract(s.used).mapped());
  ++s.used;
  lock.unlock();
  s.room.notify_one();
  if (result.error) std::rethrow_exception(std::move(result.error));
  return std::move(result.batch);
}

}  // namespace detail
}  // namespace rush::data
