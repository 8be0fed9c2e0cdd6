// Counts the kernels that the thread runs while it lives.
#pragma once

#include "rush/tensor/observer.h"

namespace rush::bench {

class CountingObserver final : public Observer {
 public:
  CountingObserver() : before_(t_observer) { t_observer = this; }
  ~CountingObserver() override { t_observer = before_; }
  CountingObserver(const CountingObserver&) = delete;
  CountingObserver& operator=(const CountingObserver&) = delete;

  int64_t kernels() const { return kernels_; }

  void called(const Op&, DType, std::span<const Tensor* const>, std::span<const Tensor* const>,
              const AttrRef&) override {
    ++kernels_;
  }
  void overwrites(const Tensor&) override {}
  void read_on_host(const Tensor&, const char*) override {}
  void grad_slot_changes(Node&, bool) override {}
  void read_switch(const Ref<Switch>&) override {}
  void released(uint64_t) override {}
  void next_attrs(std::function<void(void*)>) override {}
  void host_action(std::function<void()>, std::function<void()>) override {}
  void refuse(const char*, const char*) override {}

 private:
  Observer* before_;
  int64_t kernels_ = 0;
};

}  // namespace rush::bench
