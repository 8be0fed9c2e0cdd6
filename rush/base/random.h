// Random numbers. A Generator holds two streams for one seed:
//  - the Mersenne Twister of PyTorch's CPU generator: the same numbers for the same seed, one after
//    another; tensors that users ask for and initial weights come from it.
//  - a counter-based one (Philox4x32-10): number i of a call is a function of (seed, offset, i), so
//    any thread computes any part; masks of dropout come from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

namespace rush {

// MT19937 as published by Matsumoto and Nishimura.
class MersenneTwister {
 public:
  explicit MersenneTwister(uint32_t seed);
  uint32_t next() {
    if (at_ == kSize) refill();
    return temper(state_[at_++]);
  }
  // The next n numbers.
  void next(uint32_t* out, size_t n);

 private:
  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  static constexpr uint32_t kSize = 624, kMiddle = 397;
  void refill();
  std::array<uint32_t, kSize> state_;
  uint32_t at_ = kSize;
};

// Where a stretch of the counter-based stream starts.
struct RandomKey {
  uint64_t seed = 0, offset = 0;
};

// Threads: one at a time draws; whoever draws several numbers in a row holds `lock()`.
class Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721;  // PyTorch's
  struct State {
    uint64_t seed, offset = 0;
    MersenneTwister twister;
    std::optional<double> next_normal{};  // normal numbers come in pairs
  };

  explicit Generator(uint64_t seed = kDefaultSeed);
  void manual_seed(uint64_t seed);
  uint64_t seed() const { return state_.seed; }
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  // Of the Mersenne Twister.
  uint32_t random() { return state_.twister.next(); }
  void random(uint32_t* out, size_t n) { state_.twister.next(out, n); }
  uint64_t random64() {
    const uint64_t high = random();
    return high << 32 | random();
  }
  float uniform_float() { return static_cast<float>(random() & 0xffffffu) * 0x1p-24f; }
  double uniform_double() {
    return static_cast<double>(random64() & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
  }
  double normal();  // mean 0, deviation 1
  // Of the counter-based stream: the next `count` numbers are the caller's.
  RandomKey reserve(uint64_t count);

 private:
  State state_;
  std::mutex mutex_;
};

Generator& default_generator();
inline void manual_seed(uint64_t seed) { default_generator().manual_seed(seed); }

// Four numbers of the counter-based stream: Philox4x32 with ten rounds (Salmon et al., 2011).
std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter);

}  // namespace rush
