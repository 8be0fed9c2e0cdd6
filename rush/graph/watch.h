// Watch: a hold on a tensor that does not make its holder an owner: plans keep the tensors that
// their function captured, and want to know when they are the only ones that still do. All watches
// of one tensor share one handle.
//
// Threads: watches may be made and dropped in several at once.
#pragma once

#include <memory>

#include "rush/tensor/tensor.h"

namespace rush::graph {

class Watch {
 public:
  static std::shared_ptr<const Watch> of(const Tensor& t);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  const TensorBody& body() const { return *body_; }

 private:
  explicit Watch(const Tensor& t) : body_(t.body_ref()) {}
  Ref<TensorBody> body_;
};

// Whether nobody but watches holds the tensor. Requires: it is watched.
inline bool is_abandoned(const TensorBody& watched) { return watched.ref_count() == 1; }

}  // namespace rush::graph
