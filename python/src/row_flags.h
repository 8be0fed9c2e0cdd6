// What a row of the package's functions may say of itself.
#pragma once

namespace rush::python {

enum RowFlags : unsigned {
  kFunctionOnly = 1,     // no method although its first parameter is called input
  kMethodOnly = 2,       // no function
  kFactory = 4,          // takes dtype-less factory keywords: device, requires_grad, ...
  kInPlace = 8,          // also as name_, which overwrites its tensor and returns it
  kLowerPrecision = 16,  // runs in the half type inside autocast
  kFullPrecision = 32,   // runs in float32 inside autocast
  kTensorsOnly = 64,     // of an op's own row: no number may stand for a tensor
  kNumbersFirst = 128,   // of an op's own row: the first argument may be a number, too
};

}  // namespace rush::python
