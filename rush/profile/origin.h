// Where work comes from: the module it was asked for in, and the op whose gradient it computes.
// Origins are interned: nodes of the tape, instructions of a program and events of a profile name
// theirs by number.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rush {

struct Origin {
  std::string module;       // "blocks.0.qkv"; empty: outside of all modules that have a name
  std::string gradient_of;  // the op that is being differentiated; empty: forward
};
using OriginId = uint32_t;
inline constexpr OriginId kNoOrigin = 0;  // no module, forward

// Any thread may ask. Origins live as long as the process.
OriginId intern_origin(std::string_view module, std::string_view gradient_of = {});
const Origin& origin_of(OriginId id);
// The same gradient, in the innermost module that both are in.
OriginId common_origin(OriginId a, OriginId b);
// Only layers say where they are. Gives an op that does not know its module the innermost one that
// its neighbours before and after both are in, where they go the same way (forward or backward).
// `in_order`: of what ran one after another.
void place_between_modules(std::span<OriginId* const> in_order);
// Whether a module is one in name only: an optimiser, "(Adam)".
inline bool is_aside(const Origin& origin) { return origin.module.starts_with('('); }
// A name that lives as long as the process.
const char* intern_name(std::string_view name);

// What this thread works for. Kept up to date only while a profiler runs or a trace is written
// down.
inline constinit thread_local OriginId t_origin = kNoOrigin;

class OriginScope {  // RAII
 public:
  explicit OriginScope(OriginId id) : before_(std::exchange(t_origin, id)) {}
  ~OriginScope() { t_origin = before_; }
  OriginScope(const OriginScope&) = delete;
  OriginScope& operator=(const OriginScope&) = delete;

 private:
  OriginId before_;
};

}  // namespace rush
