// InlineVec<T, N>: a vector whose first N elements live inside the object, so that the short lists
// of the eager path (inputs, outputs, saved values) need no allocation.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace rush {

template <typename T, int N>
class InlineVec {
 public:
  InlineVec() = default;
  InlineVec(std::initializer_list<T> items) {
    reserve(items.size());
    for (const T& item : items) push_back(item);
  }
  InlineVec(const InlineVec& o) {
    reserve(o.size_);
    for (const T& item : o) push_back(item);
  }
  InlineVec(InlineVec&& o) noexcept { take(o); }
  InlineVec& operator=(const InlineVec& o) {
    if (this != &o) *this = InlineVec(o);
    return *this;
  }
  InlineVec& operator=(InlineVec&& o) noexcept {
    if (this != &o) {
      clear();
      release();
      take(o);
    }
    return *this;
  }
  ~InlineVec() {
    clear();
    release();
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  operator std::span<const T>() const { return {data_, size_}; }
  operator std::span<T>() { return {data_, size_}; }

  template <typename... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) grow(2 * capacity_);
    return *new (data_ + size_++) T(std::forward<Args>(args)...);
  }
  void push_back(T item) { emplace_back(std::move(item)); }
  void resize(size_t n) {
    reserve(n);
    while (size_ < n) emplace_back();
    while (size_ > n) data_[--size_].~T();
  }
  void reserve(size_t n) {
    if (n > capacity_) grow(n);
  }
  void clear() {
    std::destroy_n(data_, size_);
    size_ = 0;
  }

 private:
  T* inline_data() { return reinterpret_cast<T*>(buffer_); }
  bool is_inline() const { return data_ == reinterpret_cast<const T*>(buffer_); }
  void grow(size_t capacity) {
    T* larger = static_cast<T*>(::operator new(capacity * sizeof(T), std::align_val_t(alignof(T))));
    for (size_t i = 0; i < size_; ++i) {
      new (larger + i) T(std::move(data_[i]));
      data_[i].~T();
    }
    release();
    data_ = larger;
    capacity_ = capacity;
  }
  void release() {
    if (!is_inline()) ::operator delete(data_, std::align_val_t(alignof(T)));
    data_ = inline_data();
    capacity_ = N;
  }
  // Requires: this is empty and inline.
  void take(InlineVec& o) noexcept {
    if (!o.is_inline()) {
      data_ = std::exchange(o.data_, o.inline_data());
      size_ = std::exchange(o.size_, 0);
      capacity_ = std::exchange(o.capacity_, N);
      return;
    }
    std::uninitialized_move_n(o.data_, o.size_, data_);
    size_ = o.size_;
    o.clear();
  }

  T* data_ = inline_data();
  size_t size_ = 0, capacity_ = N;
  alignas(T) std::byte buffer_[N * sizeof(T)];
};

}  // namespace rush
