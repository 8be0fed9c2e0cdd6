// Copies: joining, repeating, reversing, padding with zeros.
#include "function.h"
#include "rows.h"
#include "rush/ops/create.h"
#include "rush/ops/join.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

using List = std::vector<Tensor>;

// Of tensors with axes, those of shape [0] join nothing: so loops may start from an empty one.
List without_empty(const List& xs) {
  const auto is_empty = [](const Tensor& x) { return x.rank() == 1 && x.numel() == 0; };
  List rest;
  for (const Tensor& x : xs)
    if (!is_empty(x)) rest.push_back(x);
  return rest.empty() ? xs : rest;
}

// What is moved nowhere comes from the engine as the input itself; here it is a copy, as PyTorch's
// is, so that a later write in place leaves the input alone.
Tensor apart(const Tensor& x, const Tensor& moved) {
  const bool shares = x.has_data() && moved.storage().get() == x.storage().get();
  return shares ? moved.clone() : moved;
}

void add_joins(const Rows& rows) {
  rows.add("cat(tensors, dim=0)",
           [](const List& xs, int64_t axis) { return cat(without_empty(xs), axis); });
  rows.alias("concat", "cat");
  rows.alias("concatenate", "cat");
  rows.add("stack(tensors, dim=0)", [](const List& xs, int64_t axis) { return stack(xs, axis); });
  rows.add(
      "hstack(tensors)", [](const List& xs) { return hstack(xs); }, 0,
      "Joins along axis 1 (0 of 1-d tensors).");
  rows.add(
      "vstack(tensors)", [](const List& xs) { return vstack(xs); }, 0,
      "Joins as rows, along axis 0.");
  rows.alias("row_stack", "vstack");
  rows.add(
      "dstack(tensors)", [](const List& xs) { return dstack(xs); }, 0, "Joins along axis 2.");
  rows.add(
      "column_stack(tensors)", [](const List& xs) { return column_stack(xs); }, 0,
      "Joins along axis 1; 1-d tensors become columns.");
  rows.add(
      "block_diag(*tensors)", [](const List& xs) { return block_diag(xs); }, 0,
      "Matrices on the diagonal, zeros elsewhere.");
  rows.add(
      "cartesian_prod(*tensors)", [](const List& xs) { return cartesian_prod(xs); }, 0,
      "All choices of one element of each 1-d tensor, [count, how many].");
  rows.add(
      "combinations(input, r=2, with_replacement=False)",
      [](const Tensor& x, int64_t r, bool again) { return combinations(x, r, again); },
      kFunctionOnly, "All choices of r of the elements of a 1-d tensor, [count, r].");
  rows.add("meshgrid(*tensors, indexing='ij')",
           [](const List& xs, const std::optional<std::string>& indexing) {
             return meshgrid(xs, indexing.value_or("ij"));
           });
  rows.add("broadcast_tensors(*tensors)", [](const List& xs) { return broadcast_tensors(xs); });
}

// One tensor gives one, a list of them a tuple.
template <typename F>
void add_at_least(const Rows& rows, const std::string& name, F) {
  rows.add((name + "(input)").c_str(), [](const Tensor& x) { return F{}(x); }, kFunctionOnly,
           "Missing axes are added as NumPy adds them.");
  rows.add((name + "(*tensors)").c_str(), [](List xs) {
    for (Tensor& x : xs) x = F{}(x);
    return xs;
  });
}

void add_repeats(const Rows& rows) {
  const Rows methods("tensor");
  methods.add("repeat(self, *repeats)",
              [](const Tensor& x, const Dims& n) { return apart(x, repeat(x, n)); });
  rows.add("tile(input, *dims)",
           [](const Tensor& x, const Dims& n) { return apart(x, tile(x, n)); });
  using Axis = std::optional<int64_t>;
  rows.add("repeat_interleave(input, repeats, dim=None, *, output_size=None)",
           [](const Tensor& x, int64_t n, Axis axis, Axis) {
             return apart(x, repeat_interleave(x, n, axis));
           });
  rows.add("repeat_interleave(input, repeats, dim=None, *, output_size=None)",
           [](const Tensor& x, const Tensor& n, Axis axis, Axis) {
             return apart(x, repeat_interleave(x, n, axis));
           });
  rows.add("repeat_interleave(repeats, *, output_size=None)", [](const Tensor& n, Axis) {
    return repeat_interleave(arange(n.numel(), n.dtype()), n, 0);
  });
}

void add_reorderings(const Rows& rows) {
  rows.add("flip(input, *dims)", [](const Tensor& x, const Dims& axes) { return flip(x, axes); });
  rows.add(
      "fliplr(input)", [](const Tensor& x) { return fliplr(x); }, 0, "Columns in reverse order.");
  rows.add(
      "flipud(input)", [](const Tensor& x) { return flipud(x); }, 0, "Rows in reverse order.");
  rows.add("roll(input, shifts, dims=())", [](const Tensor& x, const Dims& by, const Axes& axes) {
    return apart(x, roll(x, by, axes));
  });
  rows.add("rot90(input, k=1, dims=(0, 1))", [](const Tensor& x, int64_t k, const Dims& axes) {
    if (axes.size() != 2) fail<ShapeError>("rot90: dims names two axes; got ", axes);
    return apart(x, rot90(x, k, axes[0], axes[1]));
  });
  rows.add(
      "pixel_shuffle(input, upscale_factor)",
      [](const Tensor& x, int64_t r) { return pixel_shuffle(x, r); }, kFunctionOnly);
  rows.add(
      "pixel_unshuffle(input, downscale_factor)",
      [](const Tensor& x, int64_t r) { return pixel_unshuffle(x, r); }, kFunctionOnly);
  rows.add(
      "channel_shuffle(input, groups)",
      [](const Tensor& x, int64_t n) { return channel_shuffle(x, n); }, kFunctionOnly);
}

void add_segments(const Rows& rows) {
  rows.add(
      "segment_reduce(data, reduce, *, lengths, axis=0, unsafe=False)",
      [](const Tensor& x, const std::string& reduce, const Tensor& lengths, int64_t axis, bool) {
        if (axis != 0) fail("segment_reduce: only axis 0 can be cut into segments; got ", axis);
        return segment_reduce(x, reduce, lengths);
      },
      0, "Groups of rows of the given lengths reduced: sum, mean, max, min or prod.");
}

void add_triangles(const Rows& rows) {
  rows.add(
      "tril(input, diagonal=0)", [](const Tensor& x, int64_t k) { return tril(x, k); }, kInPlace);
  rows.add(
      "triu(input, diagonal=0)", [](const Tensor& x, int64_t k) { return triu(x, k); }, kInPlace);
  rows.add(
      "diag(input, diagonal=0)", [](const Tensor& x, int64_t k) { return diag(x, k); }, 0,
      "A vector as a matrix's diagonal, or a matrix's diagonal as a vector.");
  rows.add("diag_embed(input, offset=0, dim1=-2, dim2=-1)",
           [](const Tensor& x, int64_t offset, int64_t a, int64_t b) {
             return diag_embed(x, offset, a, b);
           });
  rows.add(
      "diagflat(input, offset=0)", [](const Tensor& x, int64_t k) { return diagflat(x, k); }, 0,
      "All elements on the diagonal of a matrix.");
  rows.add(
      "vander(x, N=None, increasing=False)",
      [](const Tensor& x, std::optional<int64_t> n, bool increasing) {
        return vander(x, n.value_or(-1), increasing);
      },
      0, "The powers of a vector's elements, [size, N].");
  rows.add(
      "tril_indices(row, col, offset=0, *, dtype=int)",
      [](int64_t m, int64_t n, int64_t offset, DType t) {
        return tril_indices(m, n, offset).to(t);
      },
      kFactory, "Rows and columns of a matrix's lower triangle, [2, count].");
  rows.add(
      "triu_indices(row, col, offset=0, *, dtype=int)",
      [](int64_t m, int64_t n, int64_t offset, DType t) {
        return triu_indices(m, n, offset).to(t);
      },
      kFactory, "Rows and columns of a matrix's upper triangle, [2, count].");
}

}  // namespace

void add_join_rows() {
  const Rows rows("torch");
  add_joins(rows);
  add_at_least(rows, "atleast_1d", [](const Tensor& x) { return atleast_1d(x); });
  add_at_least(rows, "atleast_2d", [](const Tensor& x) { return atleast_2d(x); });
  add_at_least(rows, "atleast_3d", [](const Tensor& x) { return atleast_3d(x); });
  add_repeats(rows);
  add_reorderings(rows);
  add_triangles(rows);
  add_segments(rows);
}

}  // namespace rush::python
