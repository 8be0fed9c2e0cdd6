#include "rush/base/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rush/base/seeding.h"

namespace rush {

MersenneTwister::MersenneTwister(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t i = 1; i < kSize; ++i)
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
}

void MersenneTwister::refill() {
  constexpr uint32_t kHighBit = 0x80000000u, kMatrix = 0x9908b0dfu;
  const auto renew = [this](uint32_t i, uint32_t next, uint32_t middle) {
    const uint32_t mixed = (state_[i] & kHighBit) | (state_[next] & ~kHighBit);
    state_[i] = state_[middle] ^ (mixed >> 1) ^ ((0 - (mixed & 1)) & kMatrix);
  };
  uint32_t i = 0;
  for (; i < kSize - kMiddle; ++i) renew(i, i + 1, i + kMiddle);
  for (; i < kSize - 1; ++i) renew(i, i + 1, i + kMiddle - kSize);
  renew(i, 0, i + kMiddle - kSize);
  at_ = 0;
}

void MersenneTwister::next(uint32_t* out, size_t n) {
  while (n > 0) {
    if (at_ == kSize) refill();
    const size_t count = std::min<size_t>(n, kSize - at_);
    const uint32_t* from = &state_[at_];
    for (size_t i = 0; i < count; ++i) out[i] = temper(from[i]);
    at_ += static_cast<uint32_t>(count);
    out += count;
    n -= count;
  }
}

Generator::Generator(uint64_t seed)
    : state_{.seed = seed, .twister = MersenneTwister(static_cast<uint32_t>(seed))} {}

void Generator::manual_seed(uint64_t seed) {
  if (t_seeding && this == &default_generator()) t_seeding();
  const auto held = lock();
  state_ = State{.seed = seed, .twister = MersenneTwister(static_cast<uint32_t>(seed))};
}

// Box and Muller's transformation gives two at a time.
double Generator::normal() {
  if (state_.next_normal) {
    const double kept = *state_.next_normal;
    state_.next_normal.reset();
    return kept;
  }
  const double u1 = uniform_double(), u2 = uniform_double();
  const double radius = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * std::numbers::pi * u1;
  state_.next_normal = radius * std::sin(theta);
  return radius * std::cos(theta);
}

RandomKey Generator::reserve(uint64_t count) {
  const auto held = lock();
  const RandomKey key{state_.seed, state_.offset};
  state_.offset += (count + 3) / 4;
  return key;
}

Generator& default_generator() {
  static Generator* generator = new Generator;  // outlives every static tensor
  return *generator;
}

std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter) {
  constexpr uint32_t kMultiplier[2] = {0xd2511f53u, 0xcd9e8d57u};
  constexpr uint32_t kWeyl[2] = {0x9e3779b9u, 0xbb67ae85u};
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                               0, 0};
  uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{kMultiplier[0]} * c[0], b = uint64_t{kMultiplier[1]} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += kWeyl[0];
    key[1] += kWeyl[1];
  }
  return c;
}

}  // namespace rush
