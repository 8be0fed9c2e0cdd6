// Scratch<T>: aligned, uninitialised temporary memory for kernels, from the caching allocator.
#pragma once

#include <cstdint>

#include "rush/tensor/allocator.h"

namespace rush::kernels::cpu {

template <typename T>
class Scratch {
 public:
  // A count of 0 takes no memory.
  explicit Scratch(int64_t count) {
    if (count > 0)
      data_ = static_cast<T*>(allocate(static_cast<size_t>(count) * sizeof(T), &capacity_));
  }
  ~Scratch() {
    if (data_) deallocate(data_, capacity_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() const { return data_; }
  T& operator[](int64_t i) const { return data_[i]; }

 private:
  size_t capacity_ = 0;
  T* data_ = nullptr;
};

}  // namespace rush::kernels::cpu
