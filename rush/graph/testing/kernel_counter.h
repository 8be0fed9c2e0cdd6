// Counts the kernels that the thread runs while it lives, by op.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "rush/core/op.h"
#include "rush/tensor/observer.h"

namespace rush {

class KernelCounter final : public Observer {
 public:
  KernelCounter() : before_(std::exchange(t_observer, this)) {}
  ~KernelCounter() override { t_observer = before_; }
  KernelCounter(const KernelCounter&) = delete;
  KernelCounter& operator=(const KernelCounter&) = delete;

  const std::map<std::string, int>& runs() const { return runs_; }
  int64_t total() const {
    int64_t n = 0;
    for (const auto& [op, count] : runs_) n += count;
    return n;
  }

  void called(const Op& op, DType, std::span<const Tensor* const>, std::span<const Tensor* const>,
              const AttrRef&) override {
    ++runs_[op.name];
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
  std::map<std::string, int> runs_;
};

}  // namespace rush
