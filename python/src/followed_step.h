// Steps of optimisers in traced functions. Python keeps the counts and options of an optimiser; a
// plan asks it for them before each run, so that rates and corrections are those of the step.
#pragma once

#include <Python.h>

#include <memory>
#include <utility>

#include "rush/tensor/observer.h"

namespace rush::python {

// What Python does for one engine call in each run of a plan: `advance()` counts the step and calls
// the engine's function again, which only notes the attributes then; `undo()` takes it back.
class StepFollower {
 public:
  StepFollower(PyObject* advance, PyObject* undo);
  ~StepFollower();
  StepFollower(const StepFollower&) = delete;
  StepFollower& operator=(const StepFollower&) = delete;
  void advance(void* attrs) const;
  void undo() const;

 private:
  PyObject *advance_, *undo_;
};

// Where the attributes of the next engine call go instead of into a step; null: it is a step.
inline thread_local void* t_attributes_only = nullptr;
// Of the next engine call in this trace; taken by it.
inline thread_local std::shared_ptr<StepFollower> t_follower;

// Calls step(attrs); in a trace, so that each later run has the attributes of its own.
template <typename A, typename F>
void run_followed(F&& step, const A& attrs) {
  if (t_attributes_only) {
    *static_cast<A*>(t_attributes_only) = attrs;
    return;
  }
  if (t_observer) {
    const std::shared_ptr<StepFollower> follower = std::exchange(t_follower, nullptr);
    if (!follower) t_observer->refuse("a step with counts of its own", "use an optimiser");
    const auto now = std::make_shared<A>(attrs);
    t_observer->host_action([follower, now] { follower->advance(now.get()); },
                            [follower] { follower->undo(); });
    t_observer->next_attrs([now](void* attributes) { *static_cast<A*>(attributes) = *now; });
  }
  step(attrs);
}

extern PyMethodDef kFollowMethods[];

}  // namespace rush::python
