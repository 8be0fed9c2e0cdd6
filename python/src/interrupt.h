// Ctrl-C during work in C++: between two pieces of it Python is asked whether the user wants to
// stop.
#pragma once

namespace rush::python {

// While one lives, long work of this thread looks now and then; what the user's signal handler
// raises ends the work as PythonError. `slot` is one of the engine's hooks, with the function for
// it here.
class Interruptible {
 public:
  using Look = void (*)();
  Interruptible(Look& slot, Look look, bool on = true) : slot_(slot), before_(slot) {
    if (!on) return;
    slot_ = look;
    begin();
  }
  ~Interruptible() { slot_ = before_; }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  static void look_between_blocks();  // rush::detail::t_work_step
  static void look_between_nodes();   // rush::detail::t_walk_step

 private:
  static void begin();
  Look& slot_;
  Look before_;
};

}  // namespace rush::python
