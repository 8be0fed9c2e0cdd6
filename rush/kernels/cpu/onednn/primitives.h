// What the users of oneDNN's primitives share. Each thread keeps the primitives it has used, by a
// key of plain numbers: a call that was seen before costs a look-up, pointers put into place, and
// the work itself.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

namespace rush::kernels::cpu::onednn {

inline dnnl::engine& engine() {
  static auto* e = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // outlives all users
  return *e;
}

inline void run(const dnnl::primitive& p, int count, const dnnl_exec_arg_t* args) {
  thread_local dnnl::stream stream(engine());
  dnnl::error::wrap_c_api(dnnl_primitive_execute(p.get(), stream.get(), count, args),
                          "oneDNN could not run a primitive");
}

inline void point(const dnnl::memory& m, const void* data) {
  dnnl_memory_set_data_handle(m.get(), const_cast<void*>(data));
}

// Key: int64 members only, without padding, so that it can be compared and hashed as bytes.
template <typename Key, typename Ready>
class PrimitiveCache {
 public:
  // Null when `make` gave null: oneDNN has no such primitive.
  template <typename Make>
  Ready* find(const Key& key, Make&& make) {
    const auto known = entries_.find(key);
    if (known != entries_.end()) return known->second.get();
    if (entries_.size() >= kMost) entries_.clear();
    return entries_.emplace(key, make(key)).first->second.get();
  }

 private:
  static constexpr size_t kMost = 512;
  static_assert(sizeof(Key) % 8 == 0 && std::is_trivially_copyable_v<Key>);
  struct Equal {
    bool operator()(const Key& a, const Key& b) const {
      return std::memcmp(&a, &b, sizeof(Key)) == 0;
    }
  };
  struct Hash {
    size_t operator()(const Key& k) const {
      uint64_t words[sizeof(Key) / 8], h = 0x9e3779b97f4a7c15;
      std::memcpy(words, &k, sizeof(Key));
      for (const uint64_t w : words) {
        h = (h ^ w) * 0xff51afd7ed558ccd;
        h ^= h >> 32;
      }
      return h;
    }
  };
  std::unordered_map<Key, std::unique_ptr<Ready>, Hash, Equal> entries_;
};

}  // namespace rush::kernels::cpu::onednn
