// Indexing: x[...] read and write with integers, slices, an ellipsis, new axes, integer tensors and
// masks; and gather, scatter, embedding and their kin.
//
//   x[{0, Slice(1, 5), kEllipsis}]      a view
//   x[{rows, columns}] = 0              rows, columns: integer tensors, broadcast together
//   x[mask] += 1                        mask: bool, the shape of x's leading axes
//
// The rules are PyTorch's. Parts named by integers, slices, ellipsis and new axes are views; index
// tensors and masks make copies. The axes that index tensors replace come where the first of them
// stood if they are neighbours, in front otherwise. Where an index repeats, a write keeps the last
// value (or adds them all, in order, with accumulate).
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "rush/core/op.h"

namespace rush {

// start, start + step, ... before stop, as in Python; step >= 1.
struct Slice {
  std::optional<int64_t> start, stop;
  int64_t step = 1;
  Slice() = default;
  Slice(std::optional<int64_t> from, std::optional<int64_t> to, int64_t by = 1)
      : start(from), stop(to), step(by) {}
};
struct Ellipsis {};
struct NewAxis {};
inline constexpr Ellipsis kEllipsis;
inline constexpr NewAxis kNewAxis;

// One index of a subscript.
class Index {
 public:
  template <std::integral T>
  Index(T i) : value_(static_cast<int64_t>(i)) {}
  Index(bool keep) : value_(keep) {}
  Index(const Slice& s) : value_(s) {}
  Index(Ellipsis e) : value_(e) {}
  Index(NewAxis n) : value_(n) {}
  Index(std::nullopt_t) : value_(NewAxis{}) {}
  Index(const Tensor& t) : value_(t) {}
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }

 private:
  std::variant<int64_t, bool, Slice, Ellipsis, NewAxis, Tensor> value_;
};
using Indices = std::vector<Index>;

// What x[...] gives: the part that was read, and where it came from, so that it can be written.
// Assignment works on the expression x[...] itself only: `auto y = x[0]; y = z;` does not compile.
class Indexed : public Tensor {
 public:
  Indexed(const Tensor& base, Indices indices);
  Indexed(const Indexed&) = default;
  const Tensor& operator=(const Tensor& value) &&;
  const Tensor& operator=(const Indexed& value) &&;
  const Tensor& operator+=(const Tensor& y) &&;
  const Tensor& operator-=(const Tensor& y) &&;
  const Tensor& operator*=(const Tensor& y) &&;
  const Tensor& operator/=(const Tensor& y) &&;

 private:
  bool writes_through() const;

  Tensor base_;
  Indices indices_;
};

// The same as functions. index_put_ writes into x and returns it.
Tensor index(const Tensor& x, const Indices& indices);
Tensor index_put(const Tensor& x, const Indices& indices, const Tensor& values,
                 bool accumulate = false);
const Tensor& index_put_(const Tensor& x, const Indices& indices, const Tensor& values,
                         bool accumulate = false);

// The records behind them. at: int64 [k, B...], a row of indices for each of the k axes; `values`
// has the shape that index gives.
Tensor index(const Tensor& x, const Tensor& at, const Dims& axes);
Tensor index_put(const Tensor& x, const Tensor& at, const Tensor& values, const Dims& axes,
                 bool accumulate);
void index_put_(const Tensor& x, const Tensor& at, const Tensor& values, const Dims& axes,
                bool accumulate);

// Whole entries of one axis; index: integers [N].
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index);
Tensor index_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
Tensor index_copy(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
Tensor index_fill(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& value);

// Masks are bool and broadcast with x.
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
Tensor masked_select(const Tensor& x, const Tensor& mask);  // 1-d
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);

Tensor take(const Tensor& x, const Tensor& index);  // x as if it were 1-d
// With an axis, negative indices count from its end.
Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<int64_t> axis = {});

// y[i][j][k] = x[i][index[i][j][k]][k] for axis 1; the scatters write where gather reads.
Tensor gather(const Tensor& x, int64_t axis, const Tensor& index);
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
// reduce: sum, prod, mean, amax, amin.
Tensor scatter_reduce(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source,
                      std::string_view reduce, bool include_self = true);

// Rows of weight: [V, D] chosen by ids: [...] -> [..., D].
Tensor embedding(const Tensor& weight, const Tensor& ids, std::optional<int64_t> padding_idx = {});
Tensor embedding_grad(const Tensor& dy, const Tensor& ids, int64_t rows,
                      std::optional<int64_t> padding_idx = {});
Tensor one_hot(const Tensor& ids, int64_t num_classes = -1);  // int64 [..., num_classes]

Tensor nonzero(const Tensor& x);  // int64 [count, rank], in row-major order
Tensor argwhere(const Tensor& x);
// Where each value would be inserted to keep `sorted` sorted; sorted: [N], or [..., N] with the
// leading axes of values: [..., M].
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false);
Tensor bucketize(const Tensor& values, const Tensor& boundaries, bool right = false);
Tensor bincount(const Tensor& x, const Tensor& weights = {}, int64_t minlength = 0);

}  // namespace rush
