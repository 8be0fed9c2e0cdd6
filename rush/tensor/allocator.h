// The caching allocator: 64-byte aligned blocks for tensor data, and pooled small objects (nodes,
// tensor bodies). Freed blocks are kept for reuse by size class, so that a training step settles
// into asking the system for nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rush {

inline constexpr size_t kAlignment = 64;

struct MemoryStats {
  int64_t allocated = 0;           // bytes in live blocks
  int64_t peak = 0;                // the largest `allocated` since the start or reset_peak_memory()
  int64_t cached = 0;              // bytes kept for reuse
  int64_t allocations = 0;         // calls so far
  int64_t system_allocations = 0;  // of these, the ones that had to ask the system
};

// Returns the block and, in *capacity, its real size (pass it to deallocate). Throws Error naming
// the size when the system gives no memory even after the cache is emptied, or the limit is
// reached.
void* allocate(size_t bytes, size_t* capacity);
void deallocate(void* block, size_t capacity) noexcept;

MemoryStats memory_stats();
void reset_peak_memory();
void empty_cache();  // gives cached blocks back to the system
// A ceiling on live bytes, for tests and for embedding applications; 0 means none.
void set_memory_limit(size_t bytes);

// Objects of up to 64 KiB from a thread-local free list; any thread may give them back.
void* pool_allocate(size_t bytes);
void pool_deallocate(void* p, size_t bytes) noexcept;

}  // namespace rush
