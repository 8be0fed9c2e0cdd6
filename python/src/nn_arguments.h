// Arguments that functions of torch.nn.functional share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert.h"

namespace rush::python {

// Shows a UserWarning. The interpreter's lock is taken for it.
void warn(const std::string& text);

// The reduction that is meant: of PyTorch's older pair of flags, where one is given.
Reduction reduction_of(std::optional<bool> size_average, std::optional<bool> reduce,
                       Reduction given);
Reduction reduction_named(const std::string& name);
// PyTorch's numbers for them: 0 none, 1 mean, 2 sum.
Reduction reduction_of(int64_t number);

// Whole numbers as an int64 tensor: a tensor of integers, or a sequence.
struct Lengths {
  Tensor tensor;
};
template <>
struct From<Lengths> {
  static constexpr const char* kName = "Union[Tensor, Sequence[int]]";
  using Place = Lengths;
  static bool load(PyObject* o, Lengths& place);
  static Lengths& get(Lengths& place) { return place; }
};

// One size or several, each of which may be None: as the input has it.
struct SizesOrNone {
  std::vector<std::optional<int64_t>> sizes;
  // One size for each of the last `axes` axes of x.
  Dims fill_from(const char* op, const Tensor& x, int axes) const;
};
template <>
struct From<SizesOrNone> {
  static constexpr const char* kName = "Union[int, Sequence[Optional[int]], None]";
  using Place = SizesOrNone;
  static bool load(PyObject* o, SizesOrNone& place);
  static SizesOrNone& get(SizesOrNone& place) { return place; }
};

// One number or several; none: not given.
struct Numbers {
  std::vector<double> values;
};
template <>
struct From<Numbers> {
  static constexpr const char* kName = "Union[float, Sequence[float], None]";
  using Place = Numbers;
  static bool load(PyObject* o, Numbers& place);
  static Numbers& get(Numbers& place) { return place; }
};

}  // namespace rush::python
