#include "rush/profile/analysis.h"

#include <algorithm>

namespace rush::detail {

void close_events(std::vector<ProfileEvent>& events, int64_t end) {
  std::vector<size_t> around;
  for (size_t i = 0; i < events.size(); ++i) {
    ProfileEvent& e = events[i];
    if (e.duration_ns < 0) e.duration_ns = std::max<int64_t>(end - e.start_ns, 0);
    e.self_ns = e.duration_ns;
    while (!around.empty() && events[around.back()].depth >= e.depth) around.pop_back();
    if (!around.empty()) {
      ProfileEvent& outer = events[around.back()];
      outer.self_ns = std::max<int64_t>(outer.self_ns - e.duration_ns - e.after_ns, 0);
    }
    around.push_back(i);
  }
}

namespace {

// Ops between two layers, within the same event.
void place_by_neighbours(std::vector<ProfileEvent>& events) {
  std::vector<std::vector<OriginId*>> open;  // by depth: what is in the event there
  const auto close = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back()) place_between_modules(open.back());
  };
  for (ProfileEvent& e : events) {
    close(e.depth + size_t{1});
    if (e.kind == ProfileKind::kRange) close(e.depth);
    open.resize(e.depth + size_t{1});
    if (e.kind != ProfileKind::kRange) open.back().push_back(&e.origin);
  }
  close(0);
}

void take_from_outer(std::vector<ProfileEvent>& events) {
  std::vector<size_t> around;
  for (size_t i = 0; i < events.size(); ++i) {
    ProfileEvent& e = events[i];
    while (!around.empty() && events[around.back()].depth >= e.depth) around.pop_back();
    const Origin& own = origin_of(e.origin);
    if (!around.empty() && own.module.empty() && e.kind != ProfileKind::kRange) {
      const ProfileEvent& outer = events[around.back()];
      if (outer.kind != ProfileKind::kRange)
        e.origin = intern_origin(origin_of(outer.origin).module, own.gradient_of);
    }
    around.push_back(i);
  }
}

}  // namespace

void find_modules(std::vector<ProfileEvent>& events) {
  place_by_neighbours(events);
  take_from_outer(events);
}

}  // namespace rush::detail
