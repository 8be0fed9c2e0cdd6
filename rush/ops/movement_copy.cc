// Movement that copies: joining, reversing, padding, triangles; and what is composed of them and of
// views (roll, repeat, the other padding modes, rot90, pixel_shuffle, ...).
#include <algorithm>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/movement.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

int cat_axis(const char* op, const Shape& shape, int64_t axis) {
  if (shape.empty())
    fail<ShapeError>(op, ": a 0-d tensor has no axis to join along (stack makes a new one)");
  return normalize_axis(op, axis, shape.size());
}

void infer_cat(InferCall& c) {
  if (c.in.empty()) fail<ShapeError>(c.op, ": needs at least one tensor");
  Shape shape = c.shape(0);
  const int axis = cat_axis(c.op, shape, c.attributes<CatAttrs>().axis);
  for (size_t i = 1; i < c.in.size(); ++i) {
    Shape other = c.shape(i);
    if (c.dtype(i) != c.dtype(0))
      fail<TypeError>(c.op, ": dtypes differ: ", c.in[0], " and ", c.in[i]);
    const bool same_rank = other.size() == shape.size();
    const int64_t size = same_rank ? other[axis] : 0;
    if (same_rank) other[axis] = shape[axis];
    if (other != shape)
      fail<ShapeError>(c.op, ": shapes must be equal but for axis ", axis, "; input 0 is ",
                       c.shape(0), ", input ", i, " is ", c.shape(i));
    if (__builtin_add_overflow(shape[axis], size, &shape[axis]))
      fail<ShapeError>(c.op, ": the joined size overflows");
  }
  c.result(shape, c.dtype(0), Format::kLikeFirst);
}

const Op& kCat = Define("cat", "Joins tensors along an axis they have. dtypes are promoted.")
                     .args({"xs*"})
                     .attrs<CatAttrs>()
                     .shape(infer_cat)
                     .grad([](Dy dy, InputIndex input, AllXSpecs xs, const CatAttrs& a) {
                       const int axis = cat_axis("cat", dy.shape(), a.axis);
                       int64_t start = 0;
                       for (int i = 0; i < input.value; ++i) start += xs.specs[i].shape[axis];
                       return narrow(dy, axis, start, xs.specs[input.value].shape[axis]);
                     });

// Unlike the lists of reductions, an empty list names no axis here.
Dims flip_axes(const char* op, const Dims& axes, int rank) {
  return axes.empty() ? Dims{} : normalize_axes(op, axes, rank);
}

const Op& kFlip = Define("flip", "Reverses the order of the elements along the given axes.")
                      .args({"x"})
                      .attrs<FlipAttrs>()
                      .shape([](InferCall& c) {
                        flip_axes(c.op, c.attributes<FlipAttrs>().axes, c.shape(0).size());
                        c.result(c.shape(0), c.dtype(0));
                      })
                      .grad([](Dy dy, const FlipAttrs& a) { return flip(dy, a.axes); });

Tensor constant_pad(const Tensor& x, const Dims& before, const Dims& after, double value);

void infer_constant_pad(InferCall& c) {
  const auto& a = c.attributes<ConstantPadAttrs>();
  Shape shape = c.shape(0);
  if (a.before.size() != shape.size() || a.after.size() != shape.size())
    fail<ShapeError>(c.op, ": before and after need a size for each axis of ", shape, "; got ",
                     a.before, " and ", a.after);
  for (int i = 0; i < shape.size(); ++i)
    if (__builtin_add_overflow(shape[i], a.before[i], &shape[i]) ||
        __builtin_add_overflow(shape[i], a.after[i], &shape[i]) || shape[i] < 0)
      fail<ShapeError>(c.op, ": padding axis ", i, " of ", c.shape(0), " by ", a.before[i], " and ",
                       a.after[i], " gives no valid size");
  c.result(shape, c.dtype(0));
}

Dims negated(const Dims& d) {
  Dims out = d;
  for (int64_t& v : out) v = -v;
  return out;
}

const Op& kConstantPad =
    Define("constant_pad",
           "Adds `before` and `after` elements of one value to each axis; negative sizes cut.")
        .args({"x"})
        .attrs<ConstantPadAttrs>()
        .shape(infer_constant_pad)
        .grad([](Dy dy, const ConstantPadAttrs& a) {
          return constant_pad(dy, negated(a.before), negated(a.after), 0);
        });

Tensor constant_pad(const Tensor& x, const Dims& before, const Dims& after, double value) {
  return apply(kConstantPad, {x}, ConstantPadAttrs{before, after, value});
}

void infer_triangle(InferCall& c) {
  if (c.shape(0).size() < 2)
    fail<ShapeError>(c.op, ": x must have rank 2 or more; got ", c.shape(0));
  c.result(c.shape(0), c.dtype(0));
}

const Op& kTril = Define("tril", "The elements on and below a diagonal; zero elsewhere.")
                      .args({"x"})
                      .attrs<TriangleAttrs>()
                      .shape(infer_triangle)
                      .grad([](Dy dy, const TriangleAttrs& a) { return tril(dy, a.diagonal); });
const Op& kTriu = Define("triu", "The elements on and above a diagonal; zero elsewhere.")
                      .args({"x"})
                      .attrs<TriangleAttrs>()
                      .shape(infer_triangle)
                      .grad([](Dy dy, const TriangleAttrs& a) { return triu(dy, a.diagonal); });

// One axis of a non-constant padding: what goes before and after it, as views (flip copies).
Tensor pad_axis(const Tensor& x, int axis, int64_t before, int64_t after, std::string_view mode) {
  const int64_t cut_before = std::max<int64_t>(-before, 0),
                cut_after = std::max<int64_t>(-after, 0);
  Tensor middle = x;
  if (cut_before > 0 || cut_after > 0)
    middle =
        narrow(x, axis, cut_before, std::max<int64_t>(x.shape()[axis] - cut_before - cut_after, 0));
  const int64_t size = middle.shape()[axis];
  const int64_t limit = mode == "circular" ? size : mode == "reflect" ? size - 1 : INT64_MAX;
  const int64_t largest = std::max(before, after);
  if (largest > limit || (largest > 0 && size == 0))
    fail<ShapeError>("pad: mode ", mode, " adds at most ",
                     std::max<int64_t>(size == 0 ? 0 : limit, 0), " elements to axis ", axis,
                     " of ", x.shape(), "; asked for ", largest);
  const auto edge = [&](int64_t count, bool front) {
    if (mode == "circular")
      return front ? narrow(middle, axis, size - count, count) : narrow(middle, axis, 0, count);
    if (mode == "reflect")
      return flip(narrow(middle, axis, front ? 1 : size - 1 - count, count), {axis});
    Shape shape = middle.shape();
    shape[axis] = count;
    return expand(narrow(middle, axis, front ? 0 : size - 1, 1), shape);
  };
  std::vector<Tensor> parts;
  if (before > 0) parts.push_back(edge(before, true));
  parts.push_back(middle);
  if (after > 0) parts.push_back(edge(after, false));
  return parts.size() == 1 ? middle : cat(parts, axis);
}

int64_t positive_factor(const char* op, const Tensor& x, int64_t factor) {
  if (x.rank() < 3) fail<ShapeError>(op, ": x must be [..., C, H, W]; got ", x.shape());
  if (factor < 1) fail<ShapeError>(op, ": factor must be 1 or more; got ", factor);
  return factor;
}

// The leading axes 0 .. n-1 and then the given ones, for permute.
Dims leading_then(int n, std::initializer_list<int> rest) {
  Dims axes;
  for (int i = 0; i < n; ++i) axes.push_back(i);
  for (int axis : rest) axes.push_back(n + axis);
  return axes;
}

}  // namespace

Tensor cat(std::span<const Tensor> xs, int64_t axis) {
  if (xs.empty()) fail<ShapeError>("cat: needs at least one tensor");
  DType dtype = xs[0].dtype();
  bool mixed = false;
  for (const Tensor& x : xs) {
    mixed = mixed || x.dtype() != dtype;
    dtype = promote(dtype, x.dtype());
  }
  if (!mixed) return apply(kCat, args_of(xs), CatAttrs{axis});
  std::vector<Tensor> cast;
  for (const Tensor& x : xs) cast.push_back(x.to(dtype));
  return apply(kCat, args_of(cast), CatAttrs{axis});
}

Tensor stack(std::span<const Tensor> xs, int64_t axis) {
  if (xs.empty()) fail<ShapeError>("stack: needs at least one tensor");
  const int at = normalize_axis("stack", axis, xs[0].rank() + 1);
  std::vector<Tensor> parts;
  for (const Tensor& x : xs) {
    if (x.shape() != xs[0].shape())
      fail<ShapeError>("stack: shapes must be equal; input 0 is ", xs[0].shape(), ", input ",
                       static_cast<int64_t>(parts.size()), " is ", x.shape());
    parts.push_back(unsqueeze(x, at));
  }
  return cat(parts, at);
}

Tensor flip(const Tensor& x, const Dims& axes) { return apply(kFlip, {x}, FlipAttrs{axes}); }

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& axes) {
  if (axes.empty() && shifts.size() == 1)
    return reshape(roll(reshape(x, {-1}), shifts, {0}), x.shape());
  if (axes.size() != shifts.size())
    fail<ShapeError>("roll: shifts and axes must be equally long; got ", shifts, " and ", axes);
  Tensor y = x;
  for (int i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis("roll", axes[i], x.rank());
    const int64_t size = x.rank() == 0 ? 1 : x.shape()[axis];
    if (size < 2 || shifts[i] % size == 0) continue;
    const int64_t shift = (shifts[i] % size + size) % size;
    y = cat({slice(y, axis, size - shift), slice(y, axis, 0, size - shift)}, axis);
  }
  return y;
}

Tensor rot90(const Tensor& x, int64_t k, int64_t axis0, int64_t axis1) {
  const int a = normalize_axis("rot90", axis0, x.rank());
  const int b = normalize_axis("rot90", axis1, x.rank());
  if (a == b || x.rank() < 2)
    fail<ShapeError>("rot90: needs two different axes; got ", axis0, " and ", axis1, " of ",
                     x.shape());
  switch ((k % 4 + 4) % 4) {
    case 1:
      return transpose(flip(x, {b}), a, b);
    case 2:
      return flip(x, {a, b});
    case 3:
      return transpose(flip(x, {a}), a, b);
    default:
      return x;
  }
}

Tensor repeat(const Tensor& x, const Dims& repeats) {
  const int added = repeats.size() - x.rank();
  if (added < 0)
    fail<ShapeError>("repeat: needs a count for each axis of ", x.shape(), "; got ", repeats);
  // [a, b] repeated (r, s): [1, a, 1, b] expands to [r, a, s, b], which is [r*a, s*b]. Axes that
  // are not repeated get no pair, which keeps the rank low.
  Shape apart, wide, out;
  for (int i = 0; i < repeats.size(); ++i) {
    const int64_t size = i < added ? 1 : x.shape()[i - added], count = repeats[i];
    if (count < 0) fail<ShapeError>("repeat: counts must not be negative; got ", repeats);
    if (count != 1 && size != 1) apart.push_back(1), wide.push_back(count);
    apart.push_back(size);
    wide.push_back(size == 1 ? count : size);
    out.push_back(0);
    if (__builtin_mul_overflow(size, count, &out[i]))
      fail<ShapeError>("repeat: ", x.shape(), " repeated ", repeats, " times overflows");
  }
  return reshape(expand(reshape(x, apart), wide), out).contiguous();
}

Tensor tile(const Tensor& x, const Dims& repeats) {
  Dims counts = repeats;
  while (counts.size() < x.rank()) counts.insert(0, 1);
  return repeat(x, counts);
}

Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> axis) {
  if (!axis) return repeat_interleave(reshape(x, {-1}), repeats, 0);
  const int at = cat_axis("repeat_interleave", x.shape(), *axis);
  if (repeats < 0)
    fail<ShapeError>("repeat_interleave: repeats must not be negative; got ", repeats);
  Shape shape = x.shape();
  if (__builtin_mul_overflow(shape[at], repeats, &shape[at]))
    fail<ShapeError>("repeat_interleave: ", x.shape(), " repeated ", repeats, " times overflows");
  Shape wide = x.shape();
  wide.insert(at + 1, repeats);
  return reshape(expand(unsqueeze(x, at + 1), wide), shape);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> axis) {
  if (!axis) return repeat_interleave(reshape(x, {-1}), repeats, 0);
  const int at = cat_axis("repeat_interleave", x.shape(), *axis);
  const int64_t size = x.shape()[at];
  if (repeats.rank() > 1 || (repeats.numel() != 1 && repeats.numel() != size))
    fail<ShapeError>("repeat_interleave: repeats must be one number or one for each of the ", size,
                     " elements of axis ", at, "; got shape ", repeats.shape());
  if (!is_integral(repeats.dtype()))
    fail<TypeError>("repeat_interleave: repeats must be integers; got ", repeats.dtype());
  if (!repeats.has_data())
    fail("repeat_interleave: the size of the result depends on the values of repeats, which a ",
         "placeholder does not have yet");
  const std::vector<int64_t> counts = repeats.to_vector<int64_t>();
  std::vector<int64_t> index;
  for (int64_t i = 0; i < size; ++i) {
    const int64_t count = counts[counts.size() == 1 ? 0 : static_cast<size_t>(i)];
    if (count < 0) fail<ShapeError>("repeat_interleave: repeats must not be negative; got ", count);
    index.insert(index.end(), static_cast<size_t>(count), i);
  }
  return index_select(x, at, Tensor::from(index));
}

Tensors meshgrid(std::span<const Tensor> xs, std::string_view indexing) {
  if (indexing != "ij" && indexing != "xy")
    fail<Error>("meshgrid: indexing must be 'ij' or 'xy'; got '", indexing, "'");
  Shape shape;
  for (const Tensor& x : xs) {
    if (x.rank() > 1) fail<ShapeError>("meshgrid: inputs must be 0-d or 1-d; got ", x.shape());
    shape.push_back(x.numel());
  }
  const bool swaps = indexing == "xy" && xs.size() >= 2;
  Tensors out;
  for (size_t i = 0; i < xs.size(); ++i) {
    Shape line = Dims::filled(shape.size(), 1);
    line[static_cast<int>(i)] = shape[static_cast<int>(i)];
    const Tensor grid = expand(reshape(xs[i], line), shape);
    out.push_back(swaps ? transpose(grid, 0, 1) : grid);
  }
  return out;
}

Tensor pixel_shuffle(const Tensor& x, int64_t factor) {
  const int64_t r = positive_factor("pixel_shuffle", x, factor);
  const int lead = x.rank() - 3;
  const int64_t c = x.size(-3), h = x.size(-2), w = x.size(-1);
  if (r > c || c % (r * r) != 0)
    fail<ShapeError>("pixel_shuffle: the channels must be a multiple of factor squared; x is ",
                     x.shape(), ", factor ", r);
  Shape apart(x.shape().data(), static_cast<size_t>(lead)), out = apart;
  for (int64_t size : {c / (r * r), r, r, h, w}) apart.push_back(size);
  for (int64_t size : {c / (r * r), h * r, w * r}) out.push_back(size);
  return reshape(permute(reshape(x, apart), leading_then(lead, {0, 3, 1, 4, 2})), out);
}

Tensor pixel_unshuffle(const Tensor& x, int64_t factor) {
  const int64_t r = positive_factor("pixel_unshuffle", x, factor);
  const int lead = x.rank() - 3;
  const int64_t c = x.size(-3), h = x.size(-2), w = x.size(-1);
  if (h % r != 0 || w % r != 0)
    fail<ShapeError>("pixel_unshuffle: height and width must be multiples of the factor; x is ",
                     x.shape(), ", factor ", r);
  Shape apart(x.shape().data(), static_cast<size_t>(lead)), out = apart;
  for (int64_t size : {c, h / r, r, w / r, r}) apart.push_back(size);
  for (int64_t size : {c * r * r, h / r, w / r}) out.push_back(size);
  return reshape(permute(reshape(x, apart), leading_then(lead, {0, 2, 4, 1, 3})), out);
}

Tensor pad(const Tensor& x, const Dims& sizes, std::string_view mode, double value) {
  if (sizes.size() % 2 != 0 || sizes.size() > 2 * x.rank())
    fail<ShapeError>("pad: sizes are pairs (before, after), the last axis first, at most one pair ",
                     "an axis; got ", sizes, " for x of shape ", x.shape());
  Dims before = Dims::filled(x.rank(), 0), after = before;
  for (int i = 0; i < sizes.size() / 2; ++i) {
    before[x.rank() - 1 - i] = sizes[2 * i];
    after[x.rank() - 1 - i] = sizes[2 * i + 1];
  }
  if (mode == "constant") return constant_pad(x, before, after, value);
  if (mode != "reflect" && mode != "replicate" && mode != "circular")
    fail<Error>("pad: mode must be constant, reflect, replicate or circular; got '", mode, "'");
  Tensor y = x;
  for (int i = 0; i < x.rank(); ++i)
    if (before[i] != 0 || after[i] != 0) y = pad_axis(y, i, before[i], after[i], mode);
  return y;
}

Tensor tril(const Tensor& x, int64_t diagonal) {
  return apply(kTril, {x}, TriangleAttrs{diagonal});
}
Tensor triu(const Tensor& x, int64_t diagonal) {
  return apply(kTriu, {x}, TriangleAttrs{diagonal});
}

Tensor diag(const Tensor& x, int64_t diagonal) {
  if (x.rank() == 1) return diag_embed(x, diagonal, 0, 1);
  if (x.rank() != 2) fail<ShapeError>("diag: x must have rank 1 or 2; got ", x.shape());
  return rush::diagonal(x, diagonal).clone();
}

Tensor diag_embed(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  if (x.rank() == 0) fail<ShapeError>("diag_embed: x must have rank 1 or more; got a 0-d tensor");
  const int a = normalize_axis("diag_embed", axis1, x.rank() + 1);
  const int b = normalize_axis("diag_embed", axis2, x.rank() + 1);
  if (a == b) fail<ShapeError>("diag_embed: the two axes must differ; both are ", a);
  int64_t size = 0;
  if (offset == INT64_MIN ||
      __builtin_add_overflow(x.size(-1), offset < 0 ? -offset : offset, &size))
    fail<ShapeError>("diag_embed: offset ", offset, " is too large");
  Shape shape = x.shape();
  shape.pop_back();
  shape.insert(std::min(a, b), size);
  shape.insert(std::max(a, b), size);
  return diagonal_grad(x, shape, offset, a, b);
}

}  // namespace rush
