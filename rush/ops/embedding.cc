// Embedding tables, one-hot codes, positions of non-zero elements, and places in sorted rows.
#include <algorithm>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/index.h"
#include "rush/ops/cast.h"
#include "rush/ops/index.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

void check_ids(const InferCall& c, size_t input) {
  if (c.dtype(input) != DType::kInt64)
    fail<TypeError>(c.op, ": ids must be int64; got ", c.dtype(input));
}

const Op& kEmbedding =
    Define("embedding",
           "The rows of weight [V, D] that ids names, as [..., D]. The row padding_idx, if given, "
           "gets no gradient.")
        .args({"weight", "ids"})
        .attrs<EmbeddingAttrs>()
        .shape([](InferCall& c) {
          check_ids(c, 1);
          if (c.shape(0).size() != 2)
            fail<ShapeError>(c.op, ": weight must be [V, D]; got ", c.shape(0));
          Shape shape = c.shape(1);
          shape.push_back(c.shape(0)[1]);
          c.result(shape, c.dtype(0));
        })
        .grad([](Dy dy, X<1> ids, XSpec<0> weight, const EmbeddingAttrs& a) {
          return embedding_grad(dy, ids, weight.shape[0], a.padding_idx);
        })
        .grad(nullptr);

const Op& kEmbeddingGrad =
    Define("embedding_grad",
           "Rows of dy added up by id into [rows, D], in order: the gradient of embedding.")
        .args({"dy", "ids"})
        .attrs<EmbeddingGradAttrs>()
        .dtypes(kNumbers)
        .shape([](InferCall& c) {
          check_ids(c, 1);
          require_number(c, 0);
          Shape lead = c.shape(0);
          if (!lead.empty()) lead.pop_back();
          const int64_t rows = c.attributes<EmbeddingGradAttrs>().rows;
          if (c.shape(0).empty() || lead != c.shape(1) || rows < 0)
            fail<ShapeError>(c.op, ": dy must be ids' shape and one axis more; dy is ", c.shape(0),
                             ", ids are ", c.shape(1), ", rows ", rows);
          c.result({rows, c.shape(0).back()}, c.dtype(0));
        })
        .grad([](Dy g, X<1> ids, const EmbeddingGradAttrs& a) {
          if (!a.padding_idx) return embedding(g, ids);
          const Tensor padding = Tensor::from(std::vector<int64_t>{*a.padding_idx});
          return embedding(index_fill(g, 0, padding, 0), ids, a.padding_idx);
        })
        .grad(nullptr);

const Op& kOneHot = Define("one_hot", "A 1 at each id of a new last axis, int64.")
                        .args({"ids"})
                        .attrs<OneHotAttrs>()
                        .shape([](InferCall& c) {
                          check_ids(c, 0);
                          Shape shape = c.shape(0);
                          shape.push_back(c.attributes<OneHotAttrs>().num_classes);
                          c.result(shape, DType::kInt64);
                        });

const Op& kNonzero =
    Define("nonzero", "The indices of the elements that are not zero, [count, rank], int64.")
        .args({"x"})
        .attrs<NonzeroAttrs>()
        .shape([](InferCall& c) {
          c.result({c.attributes<NonzeroAttrs>().count, c.shape(0).size()}, DType::kInt64);
        });

void infer_searchsorted(InferCall& c) {
  const Shape &sorted = c.shape(0), &values = c.shape(1);
  if (c.dtype(0) != c.dtype(1))
    fail<TypeError>(c.op, ": dtypes differ: sorted is ", c.in[0], ", values are ", c.in[1]);
  bool fits = !sorted.empty();
  if (sorted.size() > 1) {
    fits = sorted.size() == values.size();
    for (int d = 0; fits && d + 1 < sorted.size(); ++d) fits = sorted[d] == values[d];
  }
  if (!fits)
    fail<ShapeError>(c.op, ": sorted must be 1-d, or have the leading axes of values; sorted is ",
                     sorted, ", values are ", values);
  if (c.dtype(0) == DType::kBool) fail<TypeError>(c.op, ": truth values have no order; got bool");
  c.result(values, DType::kInt64);
}

const Op& kSearchsorted =
    Define("searchsorted",
           "Where each value would go into the sorted rows: before equal elements, or after them "
           "if right.")
        .args({"sorted", "values"})
        .attrs<SearchAttrs>()
        .dtypes(kNumbers)
        .shape(infer_searchsorted);

}  // namespace

Tensor embedding(const Tensor& weight, const Tensor& ids, std::optional<int64_t> padding_idx) {
  if (padding_idx && weight.rank() == 2) {
    const int64_t rows = weight.shape()[0];
    if (*padding_idx < -rows || *padding_idx >= rows)
      fail<IndexError>("embedding: padding_idx ", *padding_idx, " is out of range for ", rows,
                       " rows");
    if (*padding_idx < 0) *padding_idx += rows;
  }
  return apply(kEmbedding, {weight, as_index("embedding", ids)}, EmbeddingAttrs{padding_idx});
}
Tensor embedding_grad(const Tensor& dy, const Tensor& ids, int64_t rows,
                      std::optional<int64_t> padding_idx) {
  return apply(kEmbeddingGrad, {dy, ids}, EmbeddingGradAttrs{rows, padding_idx});
}

Tensor one_hot(const Tensor& ids, int64_t num_classes) {
  const Tensor index = as_index("one_hot", ids);
  if (num_classes < 0) {
    require_data("one_hot", index);
    if (index.numel() == 0)
      fail<ShapeError>("one_hot: num_classes must be given for an empty tensor");
    const std::vector<int64_t> values = index.to_vector<int64_t>();
    num_classes = std::max<int64_t>(*std::max_element(values.begin(), values.end()), 0) + 1;
  }
  return apply(kOneHot, {index}, OneHotAttrs{num_classes});
}

Tensor nonzero(const Tensor& x) {
  require_data("nonzero", x);
  return apply(kNonzero, {x}, NonzeroAttrs{count_nonzero(x).item<int64_t>()});
}
Tensor argwhere(const Tensor& x) { return nonzero(x); }

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  const DType dtype = values.is_weak() ? sorted.dtype() : promote(sorted.dtype(), values.dtype());
  return apply(kSearchsorted, {cast(sorted, dtype), cast(values, dtype)}, SearchAttrs{right});
}
Tensor bucketize(const Tensor& values, const Tensor& boundaries, bool right) {
  if (boundaries.rank() != 1)
    fail<ShapeError>("bucketize: boundaries must be 1-d; got ", boundaries.shape());
  return searchsorted(boundaries, values, right);
}

Tensor bincount(const Tensor& x, const Tensor& weights, int64_t minlength) {
  const Tensor ids = as_index("bincount", x);
  require_data("bincount", ids);
  if (ids.rank() != 1 || (weights.defined() && weights.shape() != ids.shape()))
    fail<ShapeError>("bincount: x must be 1-d and weights, if given, of its shape; x is ",
                     x.shape());
  if (minlength < 0) fail<ShapeError>("bincount: minlength must not be negative; got ", minlength);
  int64_t size = minlength;
  if (ids.numel() > 0) {
    const int64_t least = amin(ids.detach()).item<int64_t>();
    if (least < 0) fail<IndexError>("bincount: values must not be negative; got ", least);
    size = std::max(size, amax(ids.detach()).item<int64_t>() + 1);
  }
  const DType dtype = weights.defined() ? weights.dtype() : DType::kInt64;
  const Tensor added = weights.defined() ? weights : expand(Tensor::scalar(1, dtype), ids.shape());
  return scatter_add(zeros_of({{size}, dtype}), 0, ids, added);
}

}  // namespace rush
