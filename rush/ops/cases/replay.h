// replay(): evaluates what was written down on symbolic inputs, node by node through apply(). It
// shows that deferring changes nothing, and runs an op by its body where a kernel would be taken.
#pragma once

#include "rush/core/node.h"

namespace rush::testing {

// Values of `outputs`, which come from `placeholders`, for the given values of these. The nodes of
// `by_body` (may be null) are computed by that op's body.
Tensors replay(const Tensors& outputs, const Tensors& placeholders, const Tensors& values,
               const Op* by_body = nullptr);

// Symbolic stand-ins for tensors: same shape and dtype. Undefined stays undefined.
Tensors placeholders_for(const Tensors& inputs);

// Every node that the tensors come from, inputs first.
std::vector<Node*> nodes_behind(const Tensors& outputs);

}  // namespace rush::testing
