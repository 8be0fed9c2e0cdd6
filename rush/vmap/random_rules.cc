// Random numbers: anew for every sample, or once for all of them.
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/random.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/vmap/batch.h"

namespace rush::vmaps {
namespace {

// Without inputs, so this is asked for only where samples differ.
template <typename A>
Batched drawn(const BatchCall& call) {
  A a = call.attributes<A>();
  a.shape = with_batch(call.size, a.shape);
  return call.run({}, a);
}

Batched coins(const BatchCall& call) {
  const Tensor p = call.whole(0);
  if (call.randomness == Randomness::kDifferent) return call.run({p}, call.attrs);
  const Tensor drawn = rand(call.in_specs[0].shape, p.dtype());
  return Tensors{cast(lt(drawn, p), p.dtype())};
}

// One key serves all samples: with different numbers, dropout() counts on through the batch.
Batched key(const BatchCall& call) {
  const Tensor x = call.randomness == Randomness::kSame && call.size > 0
                       ? select(call.whole(0), 0, 0)
                       : call.whole(0);
  const Tensor key = call.run({x}, call.attrs)[0];
  return Tensors{expand(unsqueeze(key, 0), with_batch(call.size, key.shape()))};
}

Batched dropped(const BatchCall& call) {
  if (call.size == 0) return Tensors{call.whole(0)};
  const Tensor key = call.is_batched(1) ? select(call.in[1].tensor, 0, 0) : call.in[1].tensor;
  const Tensor x = call.whole(0);
  if (call.randomness != Randomness::kSame) return call.run({x, key}, call.attrs);
  const Tensor scale = call.run({ones(call.in_specs[0].shape, x.dtype()), key}, call.attrs)[0];
  return Tensors{where(eq(scale, 0), zeros({}, x.dtype()), mul(x, scale))};
}

}  // namespace

void add_random_rules(RuleTable& t) {
  t["uniform"] = drawn<UniformAttrs>;
  t["normal"] = drawn<NormalAttrs>;
  t["randint"] = drawn<RandintAttrs>;
  t["bernoulli"] = coins;
  t["random_key"] = key;
  t["dropout"] = dropped;
}

}  // namespace rush::vmaps
