// Recording. Every thread writes to a lane of its own, under the lane's mutex, which nobody else
// wants until the profiler stops. Sessions are numbered: a span that outlives its session, or
// began before it, finds another number and leaves no trace.
#include "rush/profile/profile.h"

#include <chrono>
#include <memory>
#include <mutex>

#include "rush/base/error.h"
#include "rush/profile/analysis.h"

namespace rush {
namespace detail {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct ProfileLane {
  std::mutex mutex;
  uint64_t session = 0;  // whose events these are
  uint32_t thread = 0;   // its number in that session
  uint16_t depth = 0;
  std::vector<ProfileEvent> events;  // in order of their begin
};

namespace {

struct Recorder {
  std::mutex mutex;  // of the two lists; taken before a lane's
  std::vector<std::unique_ptr<ProfileLane>> lanes;
  std::vector<ProfileLane*> unused;  // of threads that have ended

  std::atomic<uint64_t> session{0};
  std::atomic<uint32_t> threads{0};  // of this session
  std::atomic<int64_t> start{0}, room{0};
  std::atomic<bool> wants_shapes{false}, wants_memory{false};

  static Recorder& get() {
    static Recorder* const r = new Recorder;  // threads may outlive static objects
    return *r;
  }
};

// This thread's lane; goes back when the thread ends.
struct LaneHolder {
  ProfileLane* lane = nullptr;
  ~LaneHolder() {
    if (!lane) return;
    Recorder& r = Recorder::get();
    const std::scoped_lock lock(r.mutex);
    r.unused.push_back(lane);
  }
};

ProfileLane& lane_of_thread() {
  thread_local LaneHolder holder;
  if (holder.lane) return *holder.lane;
  Recorder& r = Recorder::get();
  const std::scoped_lock lock(r.mutex);
  // A lane that holds events of the running session is another thread's, even if that has ended.
  for (auto& lane : r.unused) {
    if (lane->session == r.session) continue;
    holder.lane = std::exchange(lane, r.unused.back());
    r.unused.pop_back();
    return *holder.lane;
  }
  holder.lane = r.lanes.emplace_back(std::make_unique<ProfileLane>()).get();
  return *holder.lane;
}

constexpr size_t kFirstEvents = 8192;  // room for so many, before any is timed

// Requires: the lane's mutex is held.
void start_lane(ProfileLane& lane, uint64_t session) {
  lane.session = session;
  lane.thread = Recorder::get().threads++;
  lane.depth = 0;
  lane.events.clear();
  lane.events.reserve(kFirstEvents);
}

}  // namespace

void ProfileSpan::begin(const char* name, ProfileKind kind) {
  Recorder& r = Recorder::get();
  ProfileLane& lane = lane_of_thread();
  const std::scoped_lock lock(lane.mutex);
  const uint64_t session = r.session.load(std::memory_order_relaxed);
  if (lane.session != session) start_lane(lane, session);
  if (r.room.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
  lane_ = &lane;
  session_ = session;
  index_ = lane.events.size();
  ProfileEvent& event = lane.events.emplace_back();
  event.name = name;
  event.kind = kind;
  event.origin = t_origin;
  event.thread = lane.thread;
  event.depth = lane.depth++;
  event.duration_ns = -1;  // until it has ended
  event.start_ns = now_ns() - r.start.load(std::memory_order_relaxed);
}

void ProfileSpan::end() {
  stop_clock();
  const std::scoped_lock lock(lane_->mutex);
  if (lane_->session != session_ || index_ >= lane_->events.size()) return;
  ProfileEvent& event = lane_->events[index_];
  event.duration_ns =
      stopped_at_ - Recorder::get().start.load(std::memory_order_relaxed) - event.start_ns;
  lane_->depth = event.depth;
  event.after_ns = now_ns() - stopped_at_;
}

void ProfileSpan::stop_clock() {
  if (lane_ && stopped_at_ < 0) stopped_at_ = now_ns();
}

template <typename F>
void ProfileSpan::edit(F&& change) {
  if (!lane_) return;
  const std::scoped_lock lock(lane_->mutex);
  if (lane_->session == session_ && index_ < lane_->events.size()) change(lane_->events[index_]);
}

void ProfileSpan::set_cost(int64_t bytes, double flops) {
  edit([&](ProfileEvent& e) {
    e.bytes = bytes;
    e.flops = flops;
  });
}
void ProfileSpan::set_operands(std::string text) {
  edit([&](ProfileEvent& e) { e.operands = std::move(text); });
}
void ProfileSpan::set_memory(int64_t before, int64_t after) {
  edit([&](ProfileEvent& e) {
    e.memory = after;
    e.allocated = after - before;
  });
}

bool profile_wants_shapes() { return Recorder::get().wants_shapes; }
bool profile_wants_memory() { return Recorder::get().wants_memory; }

}  // namespace detail

Profiler::Profiler(const ProfileOptions& options) {
  detail::Recorder& r = detail::Recorder::get();
  {
    const std::scoped_lock lock(r.mutex);
    if (is_running())
      fail(
          "profile: a profiler is running already; stop that one first, or mark parts of what it "
          "sees with profile_range()");
    ++r.session;
    r.threads = 0;
    r.room = static_cast<int64_t>(options.max_events);
    r.wants_shapes = options.shapes;
    r.wants_memory = options.memory;
    r.start = detail::now_ns();
    detail::g_is_profiling = true;
  }
  // The first lane is this thread's.
  detail::ProfileLane& lane = detail::lane_of_thread();
  const std::scoped_lock lock(lane.mutex);
  detail::start_lane(lane, r.session);
}

Profiler::~Profiler() {
  if (!is_on_) return;
  detail::g_is_profiling = false;
  ++detail::Recorder::get().session;
}

Profile Profiler::stop() {
  if (!is_on_) fail("profile: this profiler was stopped already");
  is_on_ = false;
  detail::Recorder& r = detail::Recorder::get();
  detail::g_is_profiling = false;
  const int64_t end = detail::now_ns() - r.start;
  const uint64_t session = r.session++;
  std::vector<std::vector<ProfileEvent>> lists;
  {
    const std::scoped_lock lock(r.mutex);
    for (auto& lane : r.lanes) {
      const std::scoped_lock lane_lock(lane->mutex);
      if (lane->session != session) continue;
      lane->session = 0;
      if (lists.size() <= lane->thread) lists.resize(lane->thread + 1);
      lists[lane->thread] = std::exchange(lane->events, {});
    }
  }
  Profile profile;
  profile.seconds_ = static_cast<double>(end) * 1e-9;
  profile.is_full_ = r.room < 0;
  for (std::vector<ProfileEvent>& list : lists) {
    if (list.empty()) continue;
    ++profile.threads_;
    detail::close_events(list, end);
    detail::find_modules(list);
    profile.events_.insert(profile.events_.end(), std::make_move_iterator(list.begin()),
                           std::make_move_iterator(list.end()));
  }
  return profile;
}

}  // namespace rush
