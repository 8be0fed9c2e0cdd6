#include "rush/graph/watch.h"

#include <mutex>
#include <unordered_map>

namespace rush::graph {
namespace {

struct Watches {
  std::mutex mutex;
  std::unordered_map<const TensorBody*, std::weak_ptr<const Watch>> by_body;
};
Watches& watches() {
  static auto& all = *new Watches;  // watches may end after statics do
  return all;
}

}  // namespace

std::shared_ptr<const Watch> Watch::of(const Tensor& t) {
  Watches& all = watches();
  const std::scoped_lock lock(all.mutex);
  std::weak_ptr<const Watch>& known = all.by_body[&t.body()];
  std::shared_ptr<const Watch> watch = known.lock();
  if (!watch) known = watch = std::shared_ptr<const Watch>(new Watch(t));
  return watch;
}

Watch::~Watch() {
  Watches& all = watches();
  const std::scoped_lock lock(all.mutex);
  const auto entry = all.by_body.find(body_.get());
  if (entry != all.by_body.end() && entry->second.expired()) all.by_body.erase(entry);
}

}  // namespace rush::graph
