// Size classes: powers of two cut in four, from 64 bytes, and in sixteen from 1 MB, where what is
// rounded up would be felt. Blocks up to kSmall bytes live on
// thread-local lists (no lock, no shared counter: each thread keeps its own tally, summed when
// somebody asks); larger ones, and those that a thread has too many of, on a shared list per class
// under one mutex.
#include "rush/tensor/allocator.h"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "rush/base/error.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define RUSH_POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define RUSH_UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define RUSH_POISON(p, n) ((void)0)
#define RUSH_UNPOISON(p, n) ((void)0)
#endif

namespace rush {
namespace {

constexpr size_t kSmall = 65536;                 // the largest block on thread-local lists
constexpr size_t kLocalBytes = size_t{1} << 20;  // kept per class and thread; more is shared
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int kFirstLog = 6, kFineLog = 20;                 // 2^6 bytes; cut in sixteen from 2^20
constexpr int kFineClass = 4 * (kFineLog - kFirstLog) + 1;  // the first class above 2^20 bytes
constexpr int kClasses = kFineClass + 16 * (64 - kFineLog);

constexpr int class_of(size_t bytes) {
  if (bytes <= kAlignment) return 0;
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  const int log = std::bit_width(bytes - 1) - 1;  // 2^log < bytes <= 2^(log+1)
  const size_t above = bytes - 1 - (size_t{1} << log);
  if (log < kFineLog) return 4 * (log - kFirstLog) + static_cast<int>(above >> (log - 2)) + 1;
  return kFineClass + 16 * (log - kFineLog) + static_cast<int>(above >> (log - 4));
}
constexpr int kLocalClasses = class_of(kSmall) + 1;

// The largest size of a class. Classes below 256 bytes round up to the alignment.
constexpr size_t size_of_class(int c) {
  if (c == 0) return kAlignment;
  const bool is_fine = c >= kFineClass;
  const int at = is_fine ? c - kFineClass : c - 1, cuts = is_fine ? 4 : 2;  // as a power of two
  const int log = (at >> cuts) + (is_fine ? kFineLog : kFirstLog);
  const size_t part = static_cast<size_t>(at & ((1 << cuts) - 1)) + 1;
  const size_t size = (size_t{1} << log) + (part << (log - cuts));
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// Both directions for small blocks, looked up: the eager path allocates three of them per op.
constexpr auto kSmallClass = [] {
  std::array<uint8_t, kSmall / kAlignment + 1> table{};
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<uint8_t>(class_of(i * kAlignment));
  return table;
}();
constexpr auto kLocalSize = [] {
  std::array<uint32_t, kLocalClasses> table{};
  for (int c = 0; c < kLocalClasses; ++c) table[c] = static_cast<uint32_t>(size_of_class(c));
  return table;
}();
int small_class(size_t bytes) { return kSmallClass[(bytes + kAlignment - 1) / kAlignment]; }

struct FreeBlock {
  FreeBlock* next;
};

// The small blocks of one thread, and its tally. Only the owner writes; memory_stats() reads.
struct Local {
  FreeBlock* head[kLocalClasses];
  std::atomic<uint32_t> count[kLocalClasses];
  std::atomic<int64_t> live, allocations;
  bool registered, ended;

  template <typename T>
  static void add(std::atomic<T>& tally, T n) {
    tally.store(tally.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  int64_t cached() const {
    int64_t bytes = 0;
    for (int c = 0; c < kLocalClasses; ++c)
      bytes += int64_t{count[c].load(std::memory_order_relaxed)} * kLocalSize[c];
    return bytes;
  }
  void drain() {
    for (int c = 0; c < kLocalClasses; ++c) {
      while (FreeBlock* b = head[c]) {
        RUSH_UNPOISON(b, kLocalSize[c]);
        head[c] = b->next;
        std::free(b);
      }
      count[c].store(0, std::memory_order_relaxed);
    }
  }
};
constinit thread_local Local t_local{};

struct Global {
  std::mutex mutex;
  std::array<std::vector<void*>, kClasses> free;
  std::vector<Local*> threads;
  int64_t ended_live = 0, ended_allocations = 0;  // tallies of threads that have ended
  std::atomic<int64_t> allocated{0}, peak{0}, cached{0}, allocations{0}, system_allocations{0};
  std::atomic<size_t> limit{0};
};

void before_fork();
void after_fork_in_parent();
void after_fork_in_child();

Global& global() {
  static Global* g = [] {  // never destroyed: statics of users may free after main
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    return new Global;
  }();
  return *g;
}

// A fork finds the lists whole, whatever other threads are at. These threads end with it.
void before_fork() { global().mutex.lock(); }
void after_fork_in_parent() { global().mutex.unlock(); }
void after_fork_in_child() {
  Global& g = global();
  std::erase_if(g.threads, [&](Local* other) {
    if (other == &t_local) return false;
    g.ended_live += other->live.load();
    g.ended_allocations += other->allocations.load();
    return true;
  });
  g.mutex.unlock();
}

// Gives a thread's blocks back and folds its tally into the global one when the thread ends.
struct Registration {
  Registration() {
    const std::scoped_lock lock(global().mutex);
    global().threads.push_back(&t_local);
    t_local.registered = true;
  }
  ~Registration() {
    t_local.drain();
    t_local.registered = false;
    t_local.ended = true;
    Global& g = global();
    const std::scoped_lock lock(g.mutex);
    std::erase(g.threads, &t_local);
    g.ended_live += t_local.live.load();
    g.ended_allocations += t_local.allocations.load();
  }
};

void register_thread() {
  if (!t_local.registered && !t_local.ended) static thread_local Registration registration;
}

void* system_allocate(size_t bytes) {
  void* p = std::aligned_alloc(
      bytes >= kHugePage ? kHugePage : kAlignment,
      bytes >= kHugePage ? (bytes + kHugePage - 1) / kHugePage * kHugePage : bytes);
#ifdef MADV_HUGEPAGE
  if (p && bytes >= kHugePage) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  if (p) global().system_allocations.fetch_add(1, std::memory_order_relaxed);
  return p;
}

[[noreturn]] void out_of_memory(size_t bytes) {
  const MemoryStats s = memory_stats();
  fail("allocate: no memory for ", bytes, " bytes; ", s.allocated,
       " bytes are in live tensors and ", s.cached, " in the cache");
}

// A fresh block from the system, after emptying the cache if need be.
void* fresh_block(size_t bytes) {
  const size_t limit = global().limit.load(std::memory_order_relaxed);
  if (limit && static_cast<size_t>(memory_stats().allocated) + bytes > limit) out_of_memory(bytes);
  void* p = system_allocate(bytes);
  if (!p) {
    empty_cache();
    p = system_allocate(bytes);
  }
  if (!p) out_of_memory(bytes);
  return p;
}

// A block of class c from the shared lists, or else of one of the `larger` classes above it, which
// c then becomes; or null. Of live and cached bytes, these count the cached ones.
void* take_shared(int& c, int larger = 0) {
  Global& g = global();
  const std::scoped_lock lock(g.mutex);
  const int last = std::min(c + larger, kClasses - 1);
  int from = c;
  while (from < last && g.free[from].empty()) ++from;
  if (g.free[from].empty()) return nullptr;
  c = from;
  void* p = g.free[c].back();
  g.free[c].pop_back();
  g.cached.fetch_sub(static_cast<int64_t>(size_of_class(c)), std::memory_order_relaxed);
  RUSH_UNPOISON(p, size_of_class(c));
  return p;
}

void give_shared(void* p, int c) noexcept try {
  Global& g = global();
  RUSH_POISON(p, size_of_class(c));  // before another thread can take it
  const std::scoped_lock lock(g.mutex);
  g.free[c].push_back(p);
  g.cached.fetch_add(static_cast<int64_t>(size_of_class(c)), std::memory_order_relaxed);
} catch (...) {  // no memory to remember the block: give it back
  RUSH_UNPOISON(p, size_of_class(c));
  std::free(p);
}

[[gnu::noinline]] void* fresh_small_block(int c) {
  register_thread();
  void* p = take_shared(c);
  if (!p) p = fresh_block(kLocalSize[c]);
  Local::add(t_local.live, int64_t{kLocalSize[c]});
  return p;
}

void* allocate_small(int c) {
  Local& local = t_local;
  Local::add(local.allocations, int64_t{1});
  FreeBlock* b = local.head[c];
  if (!b) return fresh_small_block(c);
  RUSH_UNPOISON(b, kLocalSize[c]);
  local.head[c] = b->next;
  Local::add(local.count[c], ~uint32_t{0});
  Local::add(local.live, int64_t{kLocalSize[c]});
  return b;
}

// A list that is full, a thread's first block or its last moments.
[[gnu::noinline]] bool keep_small_block(void* p, int c) {
  Local& local = t_local;
  if (local.ended) {  // the thread's other thread-locals may still free
    const std::scoped_lock lock(global().mutex);
    global().ended_live -= kLocalSize[c];
    std::free(p);
    return false;
  }
  register_thread();
  if (local.count[c].load(std::memory_order_relaxed) < kLocalBytes / kLocalSize[c]) return true;
  Local::add(local.live, -int64_t{kLocalSize[c]});
  give_shared(p, c);
  return false;
}

void deallocate_small(void* p, int c) noexcept {
  Local& local = t_local;
  const uint32_t count = local.count[c].load(std::memory_order_relaxed);
  if ((!local.registered || count >= kLocalBytes / kLocalSize[c]) && !keep_small_block(p, c))
    return;
  auto* b = static_cast<FreeBlock*>(p);
  b->next = local.head[c];
  local.head[c] = b;
  local.count[c].store(count + 1, std::memory_order_relaxed);
  Local::add(local.live, -int64_t{kLocalSize[c]});
  RUSH_POISON(reinterpret_cast<char*>(b) + sizeof(FreeBlock), kLocalSize[c] - sizeof(FreeBlock));
}

// A cached block of up to half as much again serves, too: what gradients take, activations had.
void* allocate_large(int& c) {
  Global& g = global();
  auto bytes = static_cast<int64_t>(size_of_class(c));
  const size_t limit = g.limit.load(std::memory_order_relaxed);
  if (limit && static_cast<size_t>(memory_stats().allocated + bytes) > limit) out_of_memory(bytes);
  const int larger = limit ? 0 : c >= kFineClass ? 8 : 2;  // in parts of a power of two
  void* p = take_shared(c, larger);
  bytes = static_cast<int64_t>(size_of_class(c));
  if (!p) p = fresh_block(bytes);
  g.allocations.fetch_add(1, std::memory_order_relaxed);
  const int64_t now = g.allocated.fetch_add(bytes, std::memory_order_relaxed) + bytes +
                      t_local.live.load(std::memory_order_relaxed);
  int64_t peak = g.peak.load(std::memory_order_relaxed);
  while (now > peak && !g.peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  return p;
}

}  // namespace

void* allocate(size_t bytes, size_t* capacity) {
  if (bytes <= kSmall) {
    const int c = small_class(bytes);
    *capacity = kLocalSize[c];
    return allocate_small(c);
  }
  if (bytes > (size_t{1} << 62)) out_of_memory(bytes);
  int c = class_of(bytes);
  void* p = allocate_large(c);
  *capacity = size_of_class(c);
  return p;
}

void deallocate(void* block, size_t capacity) noexcept {
  if (capacity <= kSmall) {
    deallocate_small(block, small_class(capacity));
    return;
  }
  const int c = class_of(capacity);
  global().allocated.fetch_sub(static_cast<int64_t>(capacity), std::memory_order_relaxed);
  give_shared(block, c);
}

MemoryStats memory_stats() {
  Global& g = global();
  MemoryStats s{.allocated = g.allocated.load(),
                .cached = g.cached.load(),
                .allocations = g.allocations.load(),
                .system_allocations = g.system_allocations.load()};
  const std::scoped_lock lock(g.mutex);
  s.allocated += g.ended_live;
  s.allocations += g.ended_allocations;
  for (const Local* t : g.threads) {
    s.allocated += t->live.load(std::memory_order_relaxed);
    s.cached += t->cached();
    s.allocations += t->allocations.load(std::memory_order_relaxed);
  }
  s.peak = std::max(g.peak.load(), s.allocated);
  return s;
}

void reset_peak_memory() {
  const int64_t now = memory_stats().allocated;
  global().peak.store(now);
}

void empty_cache() {
  Global& g = global();
  t_local.drain();
  const std::scoped_lock lock(g.mutex);
  for (int c = 0; c < kClasses; ++c) {
    for (void* p : g.free[c]) {
      RUSH_UNPOISON(p, size_of_class(c));
      std::free(p);
      g.cached.fetch_sub(static_cast<int64_t>(size_of_class(c)), std::memory_order_relaxed);
    }
    g.free[c].clear();
  }
}

void set_memory_limit(size_t bytes) { global().limit.store(bytes); }

void* pool_allocate(size_t bytes) { return allocate_small(small_class(bytes)); }

void pool_deallocate(void* p, size_t bytes) noexcept { deallocate_small(p, small_class(bytes)); }

}  // namespace rush
