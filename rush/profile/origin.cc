#include "rush/profile/origin.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace rush {
namespace {

struct Table {
  std::mutex mutex;
  std::deque<Origin> list{Origin{}};  // addresses stay
  std::map<std::pair<std::string, std::string>, OriginId, std::less<>> ids{{{}, kNoOrigin}};
  std::unordered_set<std::string> names;
};

Table& table() {
  static Table* const t = new Table;  // threads may still ask while the process ends
  return *t;
}

}  // namespace

OriginId intern_origin(std::string_view module, std::string_view gradient_of) {
  Table& t = table();
  const std::scoped_lock lock(t.mutex);
  std::pair key{std::string(module), std::string(gradient_of)};
  const auto [found, is_new] = t.ids.try_emplace(key, static_cast<OriginId>(t.list.size()));
  if (is_new) t.list.push_back({std::move(key.first), std::move(key.second)});
  return found->second;
}

const Origin& origin_of(OriginId id) {
  Table& t = table();
  const std::scoped_lock lock(t.mutex);
  return t.list[id];
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
  return t.names.emplace(name).first->c_str();
}

}  // namespace rush
