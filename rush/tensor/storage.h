// Storage: a counted block of memory that tensors and their views share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rush/base/ref.h"

namespace rush {

class Storage;
using StorageRef = Ref<Storage>;

// Invariants: data() is 64-byte aligned unless foreign; version() grows by one with each in-place
// write, so whoever saved (storage, version) can tell whether the value is still the one saved.
class Storage : public RefCounted<Storage> {
 public:
  static StorageRef make(size_t bytes);  // uninitialised; Error when memory is short
  // Memory owned by somebody else; `release(context)` is called when the last tensor lets go.
  static StorageRef wrap(void* data, size_t bytes, void (*release)(void*), void* context);
  static void destroy(Storage* s);

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  uint32_t version() const { return version_; }
  const char* last_writer() const { return last_writer_; }  // the op of the last in-place write
  // Grows with each recorded in-place write: views taken before have a history that is no longer
  // that of the values they show.
  uint32_t history() const { return history_; }
  void start_history() { ++history_; }
  void bump_version(const char* op) {
    ++version_;
    last_writer_ = op;
  }
  // A trace's note of which storage this is (0: none); it hears when a marked one is destroyed.
  uint64_t mark() const { return mark_; }
  void set_mark(uint64_t mark) { mark_ = mark; }

 private:
  Storage() = default;
  void* data_ = nullptr;
  size_t bytes_ = 0, capacity_ = 0;
  void (*release_)(void*) = nullptr;
  void* context_ = nullptr;
  const char* last_writer_ = "an in-place op";
  uint32_t version_ = 0, history_ = 0;
  uint64_t mark_ = 0;
};

}  // namespace rush
