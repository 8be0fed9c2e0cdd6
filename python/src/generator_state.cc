#include "generator_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "rush/base/error.h"

namespace rush::python {
namespace {

constexpr int kWords = 624;

// What a MersenneTwister is made of: its words, and how many of them have been given out.
struct TwisterParts {
  std::array<uint32_t, kWords> words;
  uint32_t position;
};
static_assert(sizeof(TwisterParts) == sizeof(MersenneTwister));

struct State {
  uint64_t seed;
  int32_t left;    // words that are left, and one
  int32_t seeded;  // 1
  uint64_t next;   // the word that comes next
  uint64_t words[kWords];
  uint64_t offset;  // ours: where the counter-based stream is; PyTorch does not read these bytes
  double next_normal;
  double unused;
  int32_t has_next_normal;
  int32_t padding;
  float next_float;  // of PyTorch's single precision normals on other devices
  bool has_next_float;
  char end[3];
};
static_assert(sizeof(State) == 5056);

}  // namespace

Tensor generator_state(Generator& generator) {
  const auto lock = generator.lock();
  const Generator::State& from = generator.state();
  State s{};
  s.seed = from.seed;
  const auto twister = std::bit_cast<TwisterParts>(from.twister);
  s.left = kWords + 1 - static_cast<int32_t>(twister.position);
  s.seeded = 1;
  s.next = twister.position;
  std::copy(twister.words.begin(), twister.words.end(), s.words);
  s.offset = from.offset;
  s.next_normal = from.next_normal.value_or(0);
  s.has_next_normal = from.next_normal.has_value();
  return Tensor::copy_of(&s, sizeof(s), Shape{sizeof(s)}, uint8);
}

void set_generator_state(Generator& generator, const Tensor& state) {
  if (state.dtype() != uint8)
    fail<TypeError>("RNG state must be a torch.ByteTensor; got ", state.dtype());
  if (state.numel() != static_cast<int64_t>(sizeof(State)))
    fail<ShapeError>("RNG state has the wrong size: expected ", sizeof(State), " bytes, got ",
                     state.numel());
  State s;
  const Tensor dense = state.contiguous();
  std::memcpy(&s, dense.raw(), sizeof(s));
  if (s.left < 1 || s.left > kWords + 1) fail("set_state: these bytes are no generator's state");
  TwisterParts twister{.words = {}, .position = static_cast<uint32_t>(kWords + 1 - s.left)};
  for (size_t i = 0; i < kWords; ++i) twister.words[i] = static_cast<uint32_t>(s.words[i]);
  Generator::State to{
      .seed = s.seed, .offset = s.offset, .twister = std::bit_cast<MersenneTwister>(twister)};
  if (s.has_next_normal) to.next_normal = s.next_normal;
  const auto lock = generator.lock();
  generator.set_state(to);
}

}  // namespace rush::python
