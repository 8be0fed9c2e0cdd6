// Mode: whether a layer trains or evaluates. A bool that compiled functions can follow: a plan
// looks whether it still is what it was when the plan was made.
#pragma once

#include "rush/tensor/observer.h"

namespace rush::nn {

class Mode {
 public:
  Mode(bool is_on = true) { *this = is_on; }
  Mode(const Mode& o) : Mode(o.switch_->is_on) {}  // a copied layer has a mode of its own
  Mode& operator=(const Mode& o) { return *this = o.switch_->is_on; }
  Mode& operator=(bool is_on) {
    if (!switch_) switch_ = Ref<Switch>::adopt(new Switch);
    switch_->is_on = is_on;
    return *this;
  }
  operator bool() const {
    if (t_observer) t_observer->read_switch(switch_);
    return switch_->is_on;
  }

 private:
  Ref<Switch> switch_;
};

}  // namespace rush::nn
