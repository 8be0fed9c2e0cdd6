// The profiler: what ran while it was on - every op, eager or in a compiled plan, forward, backward
// and of optimisers, on all threads - with its time, bytes, operations and module.
//
//   const Profile p = profile([&] { train_step(); });
//   std::cout << p.table();         // by op; p.table({.by = ProfileBy::kModule}) by module
//   p.write_trace("trace.json");    // for ui.perfetto.dev or chrome://tracing
//
// One profiler runs at a time, for the whole process; a second one is an error. Off, it costs an op
// one test of a flag.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rush/profile/origin.h"
#include "rush/profile/span.h"

namespace rush {

struct ProfileOptions {
  bool shapes = false;            // note the operands of every op, for the trace
  bool memory = false;            // note the bytes in use after every op
  size_t max_events = 4'000'000;  // recording stops there; Profile::is_full() tells
};

// Something that ran, with a begin and an end. `bytes` and `flops` are known of ops only.
struct ProfileEvent {
  const char* name = "";
  ProfileKind kind = ProfileKind::kOp;
  OriginId origin = kNoOrigin;
  uint16_t depth = 0;    // how many events around it
  uint32_t thread = 0;   // 0: the one that started the profiler
  int64_t start_ns = 0;  // since the profiler was started
  int64_t duration_ns = 0;
  int64_t self_ns = 0;   // without the events within it
  int64_t after_ns = 0;  // then spent by the profiler on this event; in nobody's own time
  int64_t bytes = 0;     // of inputs and outputs, elements that repeat counted once
  double flops = 0;
  int64_t allocated = 0;   // bytes: how much more than before; noted if memory is
  int64_t memory = -1;     // bytes in use by tensors afterwards; -1: not noted
  std::string operands{};  // "float32[64, 784], float32[10, 784] -> float32[64, 10]"
};

// Events of one kind added up.
struct ProfileRow {
  ProfileKind kind = ProfileKind::kOp;
  std::string name{};         // of the op, "fused(mul, add)", or of the range; empty by module
  std::string gradient_of{};  // the op whose gradient it was part of
  std::string module{};       // "blocks.0.qkv"; empty by op
  int64_t calls = 0;
  double seconds = 0;           // within the events, without those inside them
  double backward_seconds = 0;  // of these, in gradients
  double total_seconds = 0;     // with those inside
  int64_t bytes = 0;
  double flops = 0;
  int64_t allocated = 0;     // bytes that were in use after the events and not before
  int64_t peak_memory = -1;  // the most that was in use after one of them; -1: not noted
};

enum class ProfileBy : uint8_t {
  kOp,      // and the op whose gradient it serves
  kModule,  // what is inside of a module counts for it too
  kOpAndModule,
};
enum class ProfileSort : uint8_t { kTime, kCalls, kBytes, kFlops, kName };

struct ProfileTableOptions {
  ProfileBy by = ProfileBy::kOp;
  ProfileSort sort = ProfileSort::kTime;  // by module: always in order of first use
  // How many are shown. By op, the rest is added up in one line; by module, the tree is cut at the
  // depth that fits.
  size_t rows = 60;
};

// What a profiler has seen. A value: it may be kept, copied and looked at from any thread.
class Profile {
 public:
  Profile() = default;
  double seconds() const { return seconds_; }  // from start to stop
  int threads() const { return threads_; }     // on which something ran
  bool is_full() const { return is_full_; }    // options.max_events was reached
  const std::vector<ProfileEvent>& events() const { return events_; }  // by thread, in order

  // Largest time first. By op there is a row of ranges for each name, and one for all modules: the
  // time they spend between their ops.
  std::vector<ProfileRow> rows(ProfileBy by = ProfileBy::kOp) const;
  std::string table(const ProfileTableOptions& options = {}) const;
  // Chrome's trace format, which ui.perfetto.dev reads.
  std::string trace() const;
  void write_trace(const std::string& path) const;

 private:
  friend class Profiler;
  std::vector<ProfileEvent> events_;
  double seconds_ = 0;
  int threads_ = 0;
  bool is_full_ = false;
};

// Profiles from its construction until stop(), or until it goes.
class Profiler {
 public:
  explicit Profiler(const ProfileOptions& options = {});  // Error when one is running
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;
  Profile stop();  // Error when stopped already
  static bool is_running() { return detail::is_profiling(); }

 private:
  bool is_on_ = true;
};

template <typename F>
Profile profile(F&& run, const ProfileOptions& options = {}) {
  Profiler profiler(options);
  run();
  return profiler.stop();
}

// Shows what runs until the end of the scope as one event: `const auto range =
// profile_range("augment");`
class [[nodiscard]] ProfileRange {
 public:
  explicit ProfileRange(std::string_view name)
      : span_(detail::is_profiling() ? intern_name(name) : nullptr, ProfileKind::kRange) {}

 private:
  detail::ProfileSpan span_;
};
inline ProfileRange profile_range(std::string_view name) { return ProfileRange(name); }

}  // namespace rush
