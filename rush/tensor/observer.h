// Observer: what a trace (graph/tracer.h) hears of the work a thread does - every kernel that runs,
// every value the program looks at, every gradient slot that changes hands. Without one, which is
// the usual case, it costs the eager path a test of a thread-local pointer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "rush/base/ref.h"

namespace rush {

class Node;
class Tensor;
struct AttrRef;
struct Op;
enum class DType : uint8_t;

// A flag that traced code may branch on (a layer's training mode): shared, so that a plan can look
// whether it still has the value it was traced with.
struct Switch : RefCounted<Switch> {
  bool is_on = true;
  static void destroy(Switch* s) { delete s; }
};

class Observer {
 public:
  virtual ~Observer() = default;

  // A kernel ran. `computing` is the type an element-wise op was computed in. An output that is
  // also an input was written in place; so were inputs that the record says the op writes.
  virtual void called(const Op& op, DType computing, std::span<const Tensor* const> in,
                      std::span<const Tensor* const> out, const AttrRef& attrs) = 0;
  // A tensor that is there already is about to be an output without being an input.
  virtual void overwrites(const Tensor& t) = 0;
  // The program looked at values: item(), to_vector(), data(), printing.
  virtual void read_on_host(const Tensor& t, const char* how) = 0;
  // The gradient slot of a leaf is about to be read (`depends`: what follows depends on what it
  // holds) or replaced.
  virtual void grad_slot_changes(Node& leaf, bool depends) = 0;
  virtual void read_switch(const Ref<Switch>& s) = 0;
  // The storage that was given this mark has been destroyed.
  virtual void released(uint64_t mark) = 0;

  // The next call's attributes are computed anew by `attrs` (which fills the struct it is given)
  // whenever the trace is run.
  virtual void next_attrs(std::function<void(void*)> attrs) = 0;
  // Work that every run of the trace does, in order, before its kernels; `undo` takes it back when
  // one of them fails.
  virtual void host_action(std::function<void()> action, std::function<void()> undo) = 0;
  // Raises Error: `what` has effects that a trace cannot carry.
  virtual void refuse(const char* what, const char* advice) = 0;
};

inline constinit thread_local Observer* t_observer = nullptr;

// Hides what happens from the observer: work of the engine for itself.
class Unobserved {
 public:
  Unobserved() : before_(t_observer) { t_observer = nullptr; }
  ~Unobserved() { t_observer = before_; }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;

 private:
  Observer* before_;
};

}  // namespace rush
