#include "rush/tensor/storage.h"

#include <new>

#include "rush/tensor/allocator.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

// Small data lies right behind its header, in one block; large data in a block of its own, so that
// a power-of-two tensor does not spill into the next size class.
constexpr size_t kInlineBytes = 4096;
constexpr size_t kHeader = 128;
static_assert(sizeof(Storage) <= kHeader && kHeader % kAlignment == 0);

}  // namespace

StorageRef Storage::make(size_t bytes) {
  const bool is_inline = bytes <= kInlineBytes;
  size_t capacity;
  void* block = allocate(is_inline ? kHeader + bytes : kHeader, &capacity);
  auto* s = new (block) Storage;
  StorageRef ref = StorageRef::adopt(s);
  s->bytes_ = bytes;
  if (is_inline) {
    s->capacity_ = capacity;
    s->data_ = static_cast<char*>(block) + kHeader;
  } else {
    s->data_ = allocate(bytes, &s->capacity_);
  }
  return ref;
}

StorageRef Storage::wrap(void* data, size_t bytes, void (*release)(void*), void* context) {
  auto* s = new (pool_allocate(kHeader)) Storage;
  s->data_ = data;
  s->bytes_ = bytes;
  s->release_ = release;
  s->context_ = context;
  return StorageRef::adopt(s);
}

void Storage::destroy(Storage* s) {
  if (s->mark_ && t_observer) t_observer->released(s->mark_);
  char* block = reinterpret_cast<char*>(s);
  if (s->data_ == block + kHeader) {
    deallocate(block, s->capacity_);
    return;
  }
  if (s->release_)
    s->release_(s->context_);
  else if (s->data_)
    deallocate(s->data_, s->capacity_);
  pool_deallocate(block, kHeader);
}

}  // namespace rush
