// gather and the scatters: element-wise reads and writes along one axis, where an index tensor says
// which. They are each other's gradients.
#include "rush/core/apply.h"
#include "rush/kernels/attrs/index.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/index.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

void check_index(const InferCall& c, int64_t given_axis, const Shape& limit, const char* limit_name,
                 bool axis_is_free) {
  const Shape& index = c.shape(1);
  if (c.dtype(1) != DType::kInt64) fail<TypeError>(c.op, ": index must be int64; got ", c.dtype(1));
  if (index.size() != limit.size())
    fail<ShapeError>(c.op, ": index and ", limit_name, " must have one rank; index is ", index,
                     ", ", limit_name, " is ", limit);
  const int axis = normalize_axis(c.op, given_axis, limit.size());
  for (int d = 0; d < index.size(); ++d)
    if (index[d] > limit[d] && !(axis_is_free && d == axis))
      fail<ShapeError>(c.op, ": index must not be larger than ", limit_name,
                       axis_is_free ? " but along the axis" : "", "; index is ", index, ", ",
                       limit_name, " is ", limit);
}

void infer_gather(InferCall& c) {
  check_index(c, c.attributes<GatherAttrs>().axis, c.shape(0), "x", true);
  c.result(c.shape(1), c.dtype(0));
}

void check_scatter(InferCall& c, int64_t axis) {
  check_index(c, axis, c.shape(0), "x", true);
  check_index(c, axis, c.shape(2), "source", false);
  if (c.dtype(0) != c.dtype(2))
    fail<TypeError>(c.op, ": dtypes differ: x is ", c.in[0], ", source is ", c.in[2]);
  c.result(c.shape(0), c.dtype(0));
}
void infer_scatter(InferCall& c) { check_scatter(c, c.attributes<GatherAttrs>().axis); }
void infer_scatter_add(InferCall& c) {
  infer_scatter(c);
  require_number(c, 0);
}
void infer_scatter_reduce(InferCall& c) {
  check_scatter(c, c.attributes<ScatterReduceAttrs>().axis);
  require_number(c, 0);
}

// The part of `t` that an index of this shape reaches, and its reverse.
Tensor corner(const Tensor& t, const Shape& shape) {
  return slice_box(t, Dims::filled(shape.size(), 0), shape, Dims::filled(shape.size(), 1));
}
Tensor in_corner(const Tensor& t, const Shape& shape) {
  if (t.shape() == shape) return t;
  return slice_grad(t, shape, Dims::filled(shape.size(), 0), Dims::filled(shape.size(), 1));
}

// The gradient of `source`: what was read back, zero where the index did not reach.
Tensor read_back(const Tensor& dy, int64_t axis, const Tensor& index, const Shape& source) {
  return in_corner(gather(dy, axis, index), source);
}

const Op& kGather =
    Define("gather", "y[i][j] = x[index[i][j]][j] for axis 0, and likewise for other axes.")
        .args({"x", "index"})
        .attrs<GatherAttrs>()
        .shape(infer_gather)
        .grad([](Dy dy, X<1> index, XSpec<0> x, const GatherAttrs& a) {
          return scatter_add(zeros_of(x), a.axis, index, dy);
        })
        .grad(nullptr);

const Op& kScatter =
    Define("scatter",
           "x with x[index[i][j]][j] = source[i][j] for axis 0, and likewise for other axes; the "
           "last write to an element stays.")
        .args({"x", "index", "source"})
        .attrs<GatherAttrs>()
        .shape(infer_scatter)
        .grad([](Dy dy, X<1> index, const GatherAttrs& a) {
          return scatter(dy, a.axis, index, zeros_of({index.shape(), dy.dtype()}));
        })
        .grad(nullptr)
        .grad([](Dy dy, X<1> index, XSpec<2> source, const GatherAttrs& a) {
          return read_back(dy, a.axis, index, source.shape);
        });

const Op& kScatterAdd =
    Define("scatter_add",
           "x with x[index[i][j]][j] += source[i][j] for axis 0, and likewise for other axes; all "
           "are added, in order.")
        .args({"x", "index", "source"})
        .attrs<GatherAttrs>()
        .dtypes(kNumbers)
        .shape(infer_scatter_add)
        .grad([](Dy dy) { return Tensor(dy); })
        .grad(nullptr)
        .grad([](Dy dy, X<1> index, XSpec<2> source, const GatherAttrs& a) {
          return read_back(dy, a.axis, index, source.shape);
        });

// ---- Gradients of scatter_reduce --------------------------------------------------------------

struct Reduced {
  const Tensor &dy, &x, &index, &source, &y;
  const ScatterReduceAttrs& attrs;

  Tensor ones() const { return expand(Tensor::scalar(1, x.dtype()), index.shape()); }
  Tensor zeros() const { return zeros_of({x.shape(), x.dtype()}); }
  Tensor read(const Tensor& t) const { return gather(t, attrs.axis, index); }
  Tensor add_up(const Tensor& t, const Tensor& s) const {
    return scatter_add(t, attrs.axis, index, s);
  }
  // Whether any index names an element; self counts only elsewhere when it is not included.
  Tensor self_counts() const {
    if (attrs.include_self) return expand(Tensor::scalar(1, x.dtype()), x.shape());
    return cast(eq(add_up(zeros(), ones()), 0), x.dtype());
  }
};
struct SelfAndSource {
  Tensor self, source;
};

SelfAndSource mean_gradient(const Reduced& r) {
  const Tensor count = r.add_up(r.self_counts(), r.ones());
  const Tensor share = div(r.dy, count);
  return {mul(share, r.self_counts()), r.read(share)};
}

// Elements that equal the result share the gradient evenly.
SelfAndSource extreme_gradient(const Reduced& r) {
  const Tensor self = mul(cast(eq(r.x, r.y), r.x.dtype()), r.self_counts());
  const Tensor source = cast(eq(r.source, r.read(r.y)), r.x.dtype());
  const Tensor share = div(r.dy, r.add_up(self, source));
  return {mul(share, self), mul(r.read(share), source)};
}

// The product of the others: y / factor, but where the factor is zero, the product with that factor
// left out (which is zero anyway if another one is zero too).
SelfAndSource product_gradient(const Reduced& r) {
  const auto product = [&](const Tensor& x, const Tensor& source) {
    return scatter_reduce(x, r.attrs.axis, r.index, source, "prod", r.attrs.include_self);
  };
  const Tensor one = Tensor::scalar(1, r.x.dtype());
  const Tensor self_is_zero = eq(r.x, 0), source_is_zero = eq(r.source, 0);
  const Tensor safe_self = where(self_is_zero, one, r.x);
  const Tensor self = div(mul(r.dy, product(safe_self, r.source)), safe_self);
  const Tensor zeros_here = r.read(r.add_up(r.zeros(), cast(source_is_zero, r.x.dtype())));
  const Tensor only_zero = logical_and(source_is_zero, eq(zeros_here, 1));
  const Tensor without = product(r.x, where(only_zero, one, r.source));
  const Tensor safe_source = where(source_is_zero, one, r.source);
  const Tensor source =
      where(only_zero, r.read(mul(r.dy, without)), div(r.read(mul(r.dy, r.y)), safe_source));
  return {mul(self, r.self_counts()), source};
}

Tensors scatter_reduce_gradient(DyOf<0> dy, X<0> x, X<1> index, X<2> source, Y<0> y,
                                const ScatterReduceAttrs& a) {
  const Tensor part = corner(source, index.shape());
  const Reduced r{dy, x, index, part, y, a};
  SelfAndSource g;
  switch (a.reduce) {
    case ScatterReduce::kSum:
      g = {mul(dy, r.self_counts()), r.read(dy)};
      break;
    case ScatterReduce::kMean:
      g = mean_gradient(r);
      break;
    case ScatterReduce::kProd:
      g = product_gradient(r);
      break;
    default:
      g = extreme_gradient(r);
  }
  return {g.self, Tensor(), in_corner(g.source, source.shape())};
}

const Op& kScatterReduce =
    Define("scatter_reduce",
           "x with source[i][j] combined into x[index[i][j]][j] for axis 0, and likewise for other "
           "axes, by sum, prod, mean, amax or amin. Without include_self, what x held there does "
           "not take part.")
        .args({"x", "index", "source"})
        .attrs<ScatterReduceAttrs>()
        .dtypes(kNumbers)
        .shape(infer_scatter_reduce)
        .grads(
            [](DyOf<0> dy, X<0> x, X<1> index, X<2> source, Y<0> y, const ScatterReduceAttrs& a) {
              return scatter_reduce_gradient(dy, x, index, source, y, a);
            });

ScatterReduce reduce_named(std::string_view name) {
  if (name == "sum") return ScatterReduce::kSum;
  if (name == "prod") return ScatterReduce::kProd;
  if (name == "mean") return ScatterReduce::kMean;
  if (name == "amax") return ScatterReduce::kAmax;
  if (name == "amin") return ScatterReduce::kAmin;
  fail<Error>("scatter_reduce: reduce must be sum, prod, mean, amax or amin; got '", name, "'");
}

// A plain number stands for a source of index's shape.
Tensor as_source(const Tensor& x, const Tensor& index, const Tensor& source) {
  if (!source.is_weak()) return source;
  return expand(cast(source, x.dtype()), index.shape());
}

}  // namespace

Tensor gather(const Tensor& x, int64_t axis, const Tensor& index) {
  return apply(kGather, {x, as_index("gather", index)}, GatherAttrs{axis});
}
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
  return apply(kScatter, {x, as_index("scatter", index), as_source(x, index, source)},
               GatherAttrs{axis});
}
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
  return apply(kScatterAdd, {x, as_index("scatter_add", index), as_source(x, index, source)},
               GatherAttrs{axis});
}
Tensor scatter_reduce(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source,
                      std::string_view reduce, bool include_self) {
  return apply(kScatterReduce, {x, as_index("scatter_reduce", index), as_source(x, index, source)},
               ScatterReduceAttrs{axis, reduce_named(reduce), include_self});
}

}  // namespace rush
