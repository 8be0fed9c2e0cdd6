// Random numbers for shuffling and augmentation: SplitMix64. Small, fast and the same on every
// machine; one generator a batch, seeded by (seed, epoch, batch), so that what is drawn does not
// depend on which worker makes the batch.
#pragma once

#include <cstdint>

namespace rush::data {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // A generator of its own for each combination of the three.
  Random(uint64_t seed, uint64_t a, uint64_t b) : Random(seed) {
    state_ = next() ^ a;
    state_ = next() ^ b;
  }

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double from, double to) { return from + (to - from) * uniform(); }
  // In [0, n), without bias. Requires: n > 0.
  int64_t below(int64_t n) {
    const uint64_t bound = static_cast<uint64_t>(n);
    const uint64_t rejected = (0 - bound) % bound;  // 2^64 mod n
    uint64_t v = next();
    while (v < rejected) v = next();
    return static_cast<int64_t>(v % bound);
  }

 private:
  uint64_t state_;
};

}  // namespace rush::data
