#include "rush/profile/origin.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace rush {
namespace {

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Reading needs no lock: origins stand in blocks that stay where they are, and a number is known to
// those only who got it from intern_origin().
struct Table {
  static constexpr OriginId kBlock = 1024, kBlocks = 1024;
  std::mutex mutex;
  std::array<std::atomic<Origin*>, kBlocks> blocks{};
  OriginId count = 0;
  std::unordered_map<std::string, OriginId, Hash, std::equal_to<>> ids;
  std::unordered_set<std::string, Hash, std::equal_to<>> names;

  Table() { add("\n", {}); }
  OriginId add(std::string key, Origin origin) {
    if (count == kBlock * kBlocks) return kNoOrigin;
    auto& block = blocks[count / kBlock];
    if (!block) block = new Origin[kBlock];
    block.load()[count % kBlock] = std::move(origin);
    ids.emplace(std::move(key), count);
    return count++;
  }
};

Table& table() {
  static Table* const t = new Table;  // threads may still ask while the process ends
  return *t;
}

}  // namespace

OriginId intern_origin(std::string_view module, std::string_view gradient_of) {
  std::string key;
  key.reserve(module.size() + 1 + gradient_of.size());
  key.append(module).append("\n").append(gradient_of);
  Table& t = table();
  const std::scoped_lock lock(t.mutex);
  const auto found = t.ids.find(key);
  if (found != t.ids.end()) return found->second;
  return t.add(std::move(key), {std::string(module), std::string(gradient_of)});
}

const Origin& origin_of(OriginId id) {
  return table().blocks[id / Table::kBlock].load(std::memory_order_acquire)[id % Table::kBlock];
}

OriginId common_origin(OriginId a, OriginId b) {
  if (a == b) return a;
  const Origin &x = origin_of(a), &y = origin_of(b);
  size_t end = 0, i = 0;
  const size_t shorter = std::min(x.module.size(), y.module.size());
  for (; i < shorter && x.module[i] == y.module[i]; ++i)
    if (x.module[i] == '.') end = i;
  const auto ends_at = [&](const std::string& m) { return i == m.size() || m[i] == '.'; };
  if (ends_at(x.module) && ends_at(y.module)) end = i;
  return intern_origin(std::string_view(x.module).substr(0, end),
                       x.gradient_of == y.gradient_of ? x.gradient_of : "");
}

void place_between_modules(std::span<OriginId* const> in_order) {
  OriginId last = kNoOrigin;  // of what knew its module
  std::vector<OriginId*> unplaced;
  for (OriginId* const id : in_order) {
    const Origin& origin = origin_of(*id);
    if (is_aside(origin)) continue;
    if (origin_of(last).gradient_of.empty() != origin.gradient_of.empty()) {
      last = kNoOrigin;
      unplaced.clear();
    }
    if (origin.module.empty()) {
      if (last != kNoOrigin) unplaced.push_back(id);
      continue;
    }
    if (!unplaced.empty()) {
      const Origin& both = origin_of(common_origin(last, *id));
      for (OriginId* u : unplaced) *u = intern_origin(both.module, origin_of(*u).gradient_of);
      unplaced.clear();
    }
    last = *id;
  }
}

const char* intern_name(std::string_view name) {
  Table& t = table();
  const std::scoped_lock lock(t.mutex);
  const auto found = t.names.find(name);
  return (found != t.names.end() ? found : t.names.emplace(name).first)->c_str();
}

}  // namespace rush
