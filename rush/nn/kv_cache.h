// The keys and values of the tokens so far, for generating one token after another: each step adds
// its own and attends to all, instead of computing the whole sequence again.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush::nn {

// For one attention layer and one batch. Without gradients: used under NoGrad. Room is doubled when
// it runs out. Not to be used by two threads at once.
class KVCache {
 public:
  explicit KVCache(int64_t capacity = 0);  // tokens to make room for at once

  struct Both {
    Tensor keys, values;
  };
  // k, v: [B, H, n, E] of the next n tokens -> those of all tokens, [B, H, length(), E], as views
  // that hold until the next call.
  Both append(const Tensor& k, const Tensor& v);

  int64_t length() const { return length_; }
  int64_t capacity() const { return keys_.defined() ? keys_.size(2) : capacity_; }
  void truncate(int64_t length);  // forgets the tokens from `length` on
  void reset();                   // forgets all, the shape too

 private:
  void check(const Tensor& k, const Tensor& v) const;
  void make_room(const Tensor& k, const Tensor& v, int64_t tokens);

  Tensor keys_, values_;
  int64_t length_ = 0, capacity_;
};

}  // namespace rush::nn
