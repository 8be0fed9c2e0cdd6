#include "rush/nn/kv_cache.h"

#include <algorithm>

#include "rush/base/error.h"
#include "rush/core/apply.h"
#include "rush/ops/movement.h"

namespace rush::nn {
namespace {

// [B, H, E]: all but the tokens.
Shape kind_of(const Tensor& x) { return {x.size(0), x.size(1), x.size(3)}; }

}  // namespace

KVCache::KVCache(int64_t capacity) : capacity_(capacity) {
  if (capacity < 0) fail("KVCache: capacity must not be negative; got ", capacity);
}

void KVCache::check(const Tensor& k, const Tensor& v) const {
  if (!k.has_data() || !v.has_data())
    fail("KVCache: keys and values must have data; a graph cannot append to it");
  if (grad_enabled() && (k.requires_grad() || v.requires_grad()))
    fail("KVCache: keys and values carry gradients, which a cache does not keep; use NoGrad");
  if (k.rank() != 4 || v.rank() != 4 || k.size(2) != v.size(2) || k.size(0) != v.size(0))
    fail<ShapeError>("KVCache: keys and values must be [B, H, tokens, E]; got ", k.shape(), " and ",
                     v.shape());
  if (!keys_.defined()) return;
  if (!(kind_of(k) == kind_of(keys_)) || !(kind_of(v) == kind_of(values_)))
    fail<ShapeError>("KVCache: tokens must be like those before, ", keys_.shape(), " and ",
                     values_.shape(), "; got ", k.shape(), " and ", v.shape(),
                     "; reset() starts anew");
  if (k.dtype() != keys_.dtype() || v.dtype() != values_.dtype())
    fail<TypeError>("KVCache: tokens must be ", keys_.dtype(), " as those before; got ", k.dtype());
}

void KVCache::make_room(const Tensor& k, const Tensor& v, int64_t tokens) {
  if (keys_.defined() && tokens <= keys_.size(2)) return;
  const int64_t room = std::max(tokens, keys_.defined() ? 2 * keys_.size(2) : capacity_);
  const auto grown = [&](const Tensor& old, const Tensor& like) {
    const Tensor all =
        Tensor::empty({like.size(0), like.size(1), room, like.size(3)}, like.dtype());
    if (length_ > 0) narrow(all, 2, 0, length_).copy_(narrow(old, 2, 0, length_));
    return all;
  };
  keys_ = grown(keys_, k);
  values_ = grown(values_, v);
}

KVCache::Both KVCache::append(const Tensor& k, const Tensor& v) {
  check(k, v);
  const NoGrad no_grad;
  const int64_t tokens = k.size(2), after = length_ + tokens;
  make_room(k, v, after);
  if (tokens > 0) {
    narrow(keys_, 2, length_, tokens).copy_(k);
    narrow(values_, 2, length_, tokens).copy_(v);
  }
  length_ = after;
  return {narrow(keys_, 2, 0, length_), narrow(values_, 2, 0, length_)};
}

void KVCache::truncate(int64_t length) {
  if (length < 0 || length > length_)
    fail<IndexError>("KVCache: can be cut to a length from 0 to ", length_, "; got ", length);
  length_ = length;
}

void KVCache::reset() {
  capacity_ = capacity();
  keys_ = values_ = Tensor();
  length_ = 0;
}

}  // namespace rush::nn
