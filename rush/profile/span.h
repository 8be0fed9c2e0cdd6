// How the engine tells the profiler (profile.h) what it does.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace rush {

enum class ProfileKind : uint8_t {
  kOp,      // an op, or an instruction of a compiled plan
  kModule,  // the call of a layer
  kRange,   // named by the user or by the engine: "backward", "Adam.step"
};

namespace detail {

inline constinit std::atomic<bool> g_is_profiling{false};
inline bool is_profiling() { return g_is_profiling.load(std::memory_order_relaxed); }

struct ProfileLane;  // what one thread has done

// An event from construction to destruction, if a profiler is running at both. Names must live as
// long as the process (op records, intern_name); null: no event. Spans of one thread nest.
class ProfileSpan {
 public:
  ProfileSpan(const char* name, ProfileKind kind) {
    if (name && is_profiling()) [[unlikely]]
      begin(name, kind);
  }
  ~ProfileSpan() {
    if (lane_) [[unlikely]]
      end();
  }
  ProfileSpan(const ProfileSpan&) = delete;
  ProfileSpan& operator=(const ProfileSpan&) = delete;

  explicit operator bool() const { return lane_ != nullptr; }
  // The work has ended now; what is told afterwards is not part of its time.
  void stop_clock();
  void set_cost(int64_t bytes, double flops);
  void set_operands(std::string text);
  void set_memory(int64_t before, int64_t after);

 private:
  void begin(const char* name, ProfileKind kind);
  void end();
  template <typename F>
  void edit(F&& change);

  ProfileLane* lane_ = nullptr;
  uint64_t session_ = 0;
  size_t index_ = 0;
  int64_t stopped_at_ = -1;
};

// What the running profiler was asked for.
bool profile_wants_shapes();
bool profile_wants_memory();

}  // namespace detail
}  // namespace rush
