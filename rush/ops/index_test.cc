// Subscripts against a naive oracle at random, reading and writing; aliasing, what is recorded and
// what is not, and the error texts.
#include "rush/ops/index.h"

#include <gtest/gtest.h>

#include <random>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/tensor/allocator.h"

namespace rush {
namespace {

using Values = std::vector<int64_t>;

Tensor counting(const Shape& shape, DType dtype = int64) {
  return arange(numel(shape), dtype).reshape(shape);
}
Tensor ids(const Values& values) { return Tensor::from(values); }
Tensor ids(const Values& values, const Shape& shape) { return Tensor::from(values, shape); }
Tensor mask(const std::vector<int>& values, const Shape& shape) {
  return ids(Values(values.begin(), values.end()), shape).to(bool_);
}
Values values_of(const Tensor& t) { return t.to_vector<int64_t>(); }

TEST(Subscript, ReadsAsPyTorchDoes) {
  const Tensor x = counting({2, 3, 4});
  EXPECT_EQ(values_of(x[{1, -1, 2}]), (Values{22}));
  EXPECT_EQ(values_of(x[{kEllipsis, 0}]), (Values{0, 4, 8, 12, 16, 20}));
  EXPECT_EQ(values_of(x[{0, Slice(1, {}), Slice({}, {}, 3)}]), (Values{4, 7, 8, 11}));
  EXPECT_EQ((x[{kNewAxis, 0, kEllipsis, kNewAxis}].shape()), (Shape{1, 3, 4, 1}));
  EXPECT_EQ(x[1].shape(), (Shape{3, 4}));
  EXPECT_EQ(x[-1][0][3].item<int64_t>(), 15);
  EXPECT_EQ(x[{true}].shape(), (Shape{1, 2, 3, 4}));
  EXPECT_EQ(x[{false}].shape(), (Shape{0, 2, 3, 4}));
  EXPECT_EQ((values_of(x[{ids({0, 1}), ids({2, 0}), ids({3, 3})}])), (Values{11, 15}));
  // Neighbouring index tensors stay in place, others come first; an integer is no index tensor.
  EXPECT_EQ((x[{Slice(), ids({0, 1, 2, 0, 1}), ids({0})}].shape()), (Shape{2, 5}));
  EXPECT_EQ((x[{ids({0, 1, 0, 1, 0}), Slice(), ids({0})}].shape()), (Shape{5, 3}));
  EXPECT_EQ((x[{0, Slice(), ids({0, 1, 1, 1, 1})}].shape()), (Shape{3, 5}));
  EXPECT_EQ((x[{ids({1}), kNewAxis, ids({1})}].shape()), (Shape{1, 1, 4}));
  EXPECT_EQ(x[ids({1, 0, 1, 1}, {2, 2})].shape(), (Shape{2, 2, 3, 4}));
  EXPECT_EQ(values_of(x[mask({0, 1, 0, 1, 0, 0}, {2, 3})]), (Values{4, 5, 6, 7, 12, 13, 14, 15}));
  EXPECT_EQ(x[Tensor::from(std::vector<int32_t>{1})].shape(), (Shape{1, 3, 4}));
}

TEST(Subscript, GivesViewsUnlessATensorIndexes) {
  const Tensor x = counting({3, 4});
  EXPECT_TRUE((x[{Slice(1, 3), 2}].storage() == x.storage()));
  EXPECT_TRUE(x[ids({1})[0]].storage() == x.storage());  // 0-d: as good as an integer
  EXPECT_FALSE(x[ids({1})].storage() == x.storage());
}

TEST(Subscript, WritesInPlace) {
  const Tensor x = counting({3, 4});
  x[0] = 7;
  x[{1, Slice(1, {}, 2)}] = ids({-1, -2});
  x[{ids({2, 2}), ids({0, 3})}] = 0;
  x[{Slice(1, {}), 2}] += 100;
  EXPECT_EQ(values_of(x), (Values{7, 7, 7, 7, 4, -1, 106, -2, 0, 9, 110, 0}));
  x[gt(x, 50)] = 1;
  x[lt(x, 0)] *= 10;
  EXPECT_EQ(values_of(x), (Values{7, 7, 7, 7, 4, -10, 1, -20, 0, 9, 1, 0}));
  x[0] = x[1];
  x[{kEllipsis}] -= 1;
  EXPECT_EQ(values_of(x), (Values{3, -11, 0, -21, 3, -11, 0, -21, -1, 8, 0, -1}));
  x[{}] = 5;
  EXPECT_EQ(values_of(x), Values(12, 5));
}

TEST(Subscript, ConvertsAndBroadcastsWhatIsWritten) {
  const Tensor x = zeros({2, 3});
  x[{Slice(), 1}] = ids({3, 4});
  x[{ids({0}), ids({0})}] = 2.5;
  x[1] = ones({1, 1, 3});  // leading axes of size 1 may be there
  EXPECT_EQ(x.to_vector(), (std::vector<double>{2.5, 3, 0, 1, 1, 1}));
  EXPECT_EQ(error_of<ShapeError>([&] { x[0] = ones({2}); }),
            "index_put_: a value of shape [2] does not fit the indexed part of shape [3]");
}

TEST(Subscript, CopesWithOverlap) {
  Tensor x = counting({5});
  x[{Slice(1, {})}] = x[{Slice({}, -1)}];
  EXPECT_EQ(values_of(x), (Values{0, 0, 1, 2, 3}));
  x[{ids({0, 1, 2})}] = x[{Slice(2, {})}];
  EXPECT_EQ(values_of(x), (Values{1, 2, 3, 2, 3}));
  x[x] = x;
  EXPECT_EQ(values_of(x), (Values{1, 1, 2, 3, 3}));
}

TEST(Subscript, WritesThroughViews) {
  const Tensor x = counting({2, 3});
  x.t()[1] = ids({-1, -2});
  const Tensor row = x[1];
  row[{ids({0, 0}), kEllipsis}] = ids({8, 9});
  EXPECT_EQ(values_of(x), (Values{0, -1, 2, 9, -2, 5}));
}

TEST(Subscript, WritesOnlyThePartWhereNothingIsRecorded) {
  const Tensor x = zeros({1 << 16});
  const Tensor index = ids({5, 6});
  reset_peak_memory();
  const int64_t before = memory_stats().allocated;
  x[7] = 1.0;
  x[{Slice(100, 200)}] = 2.0;
  x[index] = 3.0;
  x[index] += 1.0;
  EXPECT_LT(memory_stats().peak - before, 1 << 14);
  EXPECT_EQ(x[6].item(), 4);
}

TEST(Subscript, RecordsWrites) {
  const Tensor x = counting({2, 3}, float64).requires_grad_();
  const Tensor v = Tensor::from(std::vector<double>{10, 20}).requires_grad_();
  const Tensor y = mul(x, 2);
  y[{Slice(), 1}] = v;
  y[{1, ids({0, 0})}] = v[1];
  sum(mul(y, y)).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{0, 0, 16, 0, 0, 40}));
  EXPECT_EQ(v.grad().to_vector(), (std::vector<double>{20, 120}));  // the element twice, as PyTorch
}

TEST(Subscript, RefusesWritesThatGradientsForbid) {
  const Tensor x = counting({3}, float32).requires_grad_();
  EXPECT_NE(error_of([&] { x[0] = 1; }).find("leaf"), std::string::npos);
  EXPECT_EQ(values_of(x), (Values{0, 1, 2}));
  {
    const NoGrad off;
    x[0] = 5;
  }
  EXPECT_EQ(x[0].item(), 5);
  const Tensor y = mul(x, 1);
  const Tensor z = mul(y, y);  // saves y
  y[0] = 1;
  EXPECT_NE(error_of([&] { sum(z).backward(); }).find("index_put_"), std::string::npos);
}

TEST(Subscript, AddsUpRepeatedIndicesInItsGradient) {
  const Tensor x = counting({3}, float32).requires_grad_();
  sum(x[ids({0, 2, 0, 0})]).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{3, 0, 1}));
}

TEST(Subscript, NamesWhatIsWrong) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<IndexError>([&] {
              x[{0, 3}];
            }),
            "index: index 3 is out of range for axis 1 of size 3");
  EXPECT_EQ(error_of<IndexError>([&] {
              x[{Slice(), ids({0, -4})}];
            }),
            "index: index -4 is out of range for axis 1 of size 3");
  EXPECT_EQ(error_of<IndexError>([&] {
              x[{0, 0, 0}];
            }),
            "index: too many indices: x has shape [2, 3], the indices take up 3 axes");
  EXPECT_EQ(error_of<IndexError>([&] {
              x[{kEllipsis, kEllipsis}];
            }),
            "index: only one ellipsis is allowed");
  EXPECT_EQ(error_of<IndexError>([&] { x[{Slice({}, {}, -1)}]; }),
            "index: the step of a slice must be 1 or more; got -1 (flip reverses an axis)");
  EXPECT_EQ(error_of<IndexError>([&] {
              x[mask({1, 0, 1}, {3})];
            }),
            "index: a mask of shape [3] does not fit x of shape [2, 3] from axis 0 on: sizes 3 and "
            "2 differ");
  EXPECT_EQ(error_of<TypeError>([&] { x[Tensor::from({0.5})]; }),
            "index: an index tensor must hold integers; got float32");
  EXPECT_EQ(error_of<TypeError>([&] { x[ids({1}).to(uint8)]; }),
            "index: an index tensor must hold integers; got uint8 (masks are bool tensors)");
  EXPECT_NE(error_of<ShapeError>([&] { x[{ids({0, 1}), ids({0, 1, 2})}]; }), "no error");
}

TEST(Subscript, WritesNothingIfAnIndexIsBad) {
  const Tensor x = counting({4});
  EXPECT_EQ(error_of<IndexError>([&] {
              index_put_(x, {ids({0, 1, 9})}, -1);
            }),
            "index_put_: index 9 is out of range for axis 0 of size 4");
  EXPECT_EQ(values_of(x), (Values{0, 1, 2, 3}));
}

// ---- Random subscripts ------------------------------------------------------------------------

// One index as the oracle sees it: which places of which axis, or of which tensor.
struct Token {
  enum Kind { kInteger, kSlice, kRows, kNewAxis } kind;
  int64_t value = 0;
  Values places{};  // slice: of the axis; rows: one for each element of `rows`
  Shape rows{};
};

struct Expression {
  Indices indices;
  std::vector<Token> tokens;  // one for each axis of x, and new axes
};

class Oracle {
 public:
  explicit Oracle(unsigned seed) : random_(seed) {}
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }

  Expression draw(const Shape& x) {
    Expression e;
    const Shape common{2, 3};
    const bool has_ellipsis = below(2) == 0;
    const int from = has_ellipsis ? static_cast<int>(below(x.size() + 1)) : x.size();
    const int to = has_ellipsis ? from + static_cast<int>(below(x.size() - from + 1)) : x.size();
    for (int d = 0; d <= x.size(); ++d) {
      const bool inside_ellipsis = from < d && d < to;
      if (!inside_ellipsis && below(6) == 0) {
        e.indices.push_back(kNewAxis);
        e.tokens.push_back({Token::kNewAxis});
      }
      if (d == from && has_ellipsis) e.indices.push_back(kEllipsis);
      if (d == x.size()) break;
      if (from <= d && d < to)
        e.tokens.push_back(every(x[d]));
      else
        add(e, x, d, common);
    }
    return e;
  }

 private:
  static Token every(int64_t size) {
    Token t{Token::kSlice};
    for (int64_t i = 0; i < size; ++i) t.places.push_back(i);
    return t;
  }

  void add(Expression& e, const Shape& x, int d, const Shape& common) {
    const int64_t size = x[d];
    switch (below(4)) {
      case 0: {
        const int64_t i = below(2 * size) - size;
        e.indices.push_back(i);
        e.tokens.push_back({Token::kInteger, i < 0 ? i + size : i});
        return;
      }
      case 1: {
        const int64_t start = below(size), stop = below(size + 2), step = 1 + below(2);
        e.indices.push_back(Slice(start, stop, step));
        e.tokens.push_back({Token::kSlice});
        for (int64_t i = start; i < std::min(stop, size); i += step)
          e.tokens.back().places.push_back(i);
        return;
      }
      case 2: {
        Shape rows = below(2) ? common : Shape{3};
        if (below(3) == 0) rows[rows.size() - 1] = 1;
        Token t{Token::kRows, 0, {}, rows};
        Values given;
        for (int64_t i = 0; i < numel(rows); ++i) {
          given.push_back(below(2 * size) - size);
          t.places.push_back(given.back() < 0 ? given.back() + size : given.back());
        }
        e.indices.push_back(Tensor::from(given, rows));
        e.tokens.push_back(t);
        return;
      }
      default:
        e.indices.push_back(Slice());
        e.tokens.push_back(every(size));
    }
  }

  std::mt19937 random_;
};

struct Places {
  Shape shape;
  Values offsets;  // into x, row-major
};

// The result of x[...] element by element, by the rules as they are documented.
Places places_of(const Expression& e, const Shape& x) {
  Shape rows;
  bool has_rows = false;
  std::vector<int> at;  // the axes of the view that are indexed by tensors
  int view_axis = 0;
  for (const Token& t : e.tokens) {
    if (t.kind == Token::kRows) {
      rows = broadcast_shapes("oracle", rows, t.rows);
      has_rows = true;
      at.push_back(view_axis);
    }
    view_axis += t.kind != Token::kInteger;
  }
  bool adjacent = true;
  for (size_t i = 1; i < at.size(); ++i) adjacent = adjacent && at[i] == at[i - 1] + 1;

  Places out;
  int rows_at = adjacent ? -1 : 0;  // axis of the result where the rows begin
  if (has_rows && !adjacent) out.shape = rows;
  for (const Token& t : e.tokens) {
    if (t.kind == Token::kNewAxis) out.shape.push_back(1);
    if (t.kind == Token::kSlice) out.shape.push_back(static_cast<int64_t>(t.places.size()));
    if (t.kind == Token::kRows && rows_at < 0) {
      rows_at = out.shape.size();
      for (int64_t n : rows) out.shape.push_back(n);
    }
  }
  Dims c = Dims::filled(out.shape.size(), 0);
  for (int64_t i = 0, n = numel(out.shape); i < n; ++i) {
    int64_t offset = 0;
    int axis = 0, next = has_rows && rows_at == 0 ? rows.size() : 0;
    for (const Token& t : e.tokens) {
      if (has_rows && next == rows_at) next += rows.size();
      if (t.kind == Token::kNewAxis) {
        ++next;
        continue;
      }
      int64_t place = t.value;
      if (t.kind == Token::kSlice) place = t.places[static_cast<size_t>(c[next++])];
      if (t.kind == Token::kRows) {
        int64_t flat = 0;
        for (int k = 0; k < t.rows.size(); ++k) {
          const int64_t coordinate = c[rows_at + rows.size() - t.rows.size() + k];
          flat = flat * t.rows[k] + (t.rows[k] == 1 ? 0 : coordinate);
        }
        place = t.places[static_cast<size_t>(flat)];
      }
      offset = offset * x[axis++] + place;
    }
    out.offsets.push_back(offset);
    for (int d = out.shape.size() - 1; d >= 0 && ++c[d] == out.shape[d]; --d) c[d] = 0;
  }
  return out;
}

TEST(Subscript, AgreesWithTheOracleAtRandom) {
  const Shape shape{3, 4, 2, 3};
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Oracle oracle(seed);
    const Expression e = oracle.draw(shape);
    const Places want = places_of(e, shape);
    const bool transposed = oracle.below(2);
    Tensor x = counting(shape, float64);
    if (transposed) x = transpose(contiguous(transpose(x, 0, 3)), 0, 3);
    const Tensor got = index(x, e.indices);
    ASSERT_EQ(got.shape(), want.shape) << "seed " << seed;
    ASSERT_EQ(values_of(contiguous(got)), want.offsets) << "seed " << seed;

    const bool accumulate = oracle.below(2);
    const Tensor v = add(counting(want.shape, float64), 1000);
    Values written = values_of(contiguous(x));
    const Values added = values_of(v);
    for (size_t i = 0; i < want.offsets.size(); ++i) {
      int64_t& element = written[static_cast<size_t>(want.offsets[i])];
      element = accumulate ? element + added[i] : added[i];
    }
    ASSERT_EQ(values_of(contiguous(index_put(x, e.indices, v, accumulate))), written)
        << "seed " << seed;
    const Tensor recorded = mul(clone(x).requires_grad_(), 1);
    index_put_(recorded, e.indices, v, accumulate);
    ASSERT_EQ(values_of(contiguous(recorded.detach())), written) << "seed " << seed;
    index_put_(x, e.indices, v, accumulate);
    ASSERT_EQ(values_of(contiguous(x)), written) << "seed " << seed;
  }
}

// ---- The rest of the family -------------------------------------------------------------------

TEST(Masks, FillSelectAndScatter) {
  const Tensor x = counting({2, 3});
  const Tensor m = mask({1, 0, 1}, {3});
  EXPECT_EQ(values_of(masked_fill(x, m, -1)), (Values{-1, 1, -1, -1, 4, -1}));
  EXPECT_EQ(values_of(masked_select(x, m)), (Values{0, 2, 3, 5}));
  EXPECT_EQ(values_of(masked_scatter(x, m, ids({9, 8, 7, 6, 5}))), (Values{9, 1, 8, 7, 4, 6}));
  EXPECT_EQ(values_of(masked_select(x, mask({0, 0, 0}, {3}))), Values{});
  EXPECT_EQ(error_of<ShapeError>([&] { masked_scatter(x, m, ids({1})); }),
            "masked_scatter: the mask has 4 true elements, source only 1");
  EXPECT_EQ(error_of<TypeError>([&] { masked_fill(x, x, 0); }),
            "masked_fill: mask must be bool; got int64");
}

TEST(Masks, HandleEmptyAnd0d) {
  EXPECT_EQ(nonzero(zeros({0, 3})).shape(), (Shape{0, 2}));
  EXPECT_EQ(nonzero(Tensor::scalar(2, float32)).shape(), (Shape{1, 0}));
  EXPECT_EQ(zeros({2, 0})[mask({1, 0}, {2})].shape(), (Shape{1, 0}));
  const Tensor x = Tensor::scalar(1, float32);
  x[Tensor::scalar(1, bool_)] = 3;
  EXPECT_EQ(x.item(), 3);
}

TEST(Gather, AddsUpItsGradient) {
  const Tensor x = counting({2, 3}, float32).requires_grad_();
  sum(gather(x, 1, ids({0, 0, 2, 1, 1, 1}, {2, 3}))).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{2, 0, 1, 0, 3, 0}));
}

TEST(Gather, NamesWhatIsWrong) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<IndexError>([&] {
              gather(x, 1, ids({3}, {1, 1}));
            }),
            "gather: index 3 is out of range for axis 1 of size 3");
  EXPECT_EQ(error_of<ShapeError>([&] { gather(x, 1, ids({1})); }),
            "gather: index and x must have one rank; index is [1], x is [2, 3]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              gather(x, 1, ids({0, 0, 0}, {3, 1}));
            }),
            "gather: index must not be larger than x but along the axis; index is [3, 1], x is [2, "
            "3]");
  EXPECT_EQ(error_of<TypeError>([&] {
              scatter(x, 0, ids({0}, {1, 1}), ones({1, 1}));
            }),
            "scatter: dtypes differ: x is int64[2, 3], source is float32[1, 1]");
  EXPECT_NE(error_of([&] {
              scatter_reduce(x, 0, ids({0}, {1, 1}), x, "max");
            }).find("'max'"),
            std::string::npos);
}

TEST(Gather, Takes0dTensors) {
  const Tensor zero = Tensor::scalar(0, int64);
  EXPECT_EQ(gather(Tensor::scalar(5, float32), 0, zero).item(), 5);
  EXPECT_EQ(scatter_add(Tensor::scalar(5, float32), 0, zero, Tensor::scalar(2, float32)).item(), 7);
}

TEST(Scatter, OfManyIsTheSameAtAnyThreadCount) {
  std::mt19937 random(1);
  Values where(200000);
  for (int64_t& i : where) i = static_cast<int64_t>(random() % 97);
  const Tensor source = div(1, add(arange(200000, float32), 1));
  const Tensor y = scatter_add(zeros({97}), 0, ids(where), source);
  std::vector<float> want(97);
  for (size_t i = 0; i < where.size(); ++i)
    want[static_cast<size_t>(where[i])] += 1.0f / static_cast<float>(i + 1);
  EXPECT_EQ(y.to_vector<float>(), want);
  EXPECT_EQ(index_add(zeros({97}), 0, ids(where), source).to_vector<float>(), want);
  EXPECT_EQ(embedding_grad(unsqueeze(source, 1), ids(where), 97).to_vector<float>(), want);
}

TEST(Embedding, LeavesThePaddingRowAlone) {
  const Tensor weight = counting({3, 2}, float32).requires_grad_();
  sum(embedding(weight, ids({0, -1 + 3, 2, 0}), -1)).backward();
  EXPECT_EQ(weight.grad().to_vector(), (std::vector<double>{2, 2, 0, 0, 0, 0}));
  EXPECT_EQ(error_of<IndexError>([&] { embedding(weight, ids({3})); }),
            "embedding: index 3 is out of range for axis 0 of size 3");
  EXPECT_EQ(error_of<IndexError>([&] { embedding(weight, ids({0}), 3); }),
            "embedding: padding_idx 3 is out of range for 3 rows");
}

TEST(OneHot, CountsClassesAndChecksThem) {
  EXPECT_EQ(one_hot(ids({0, 3})).shape(), (Shape{2, 4}));
  EXPECT_EQ(error_of<IndexError>([&] {
              one_hot(ids({0, 3}), 3);
            }),
            "one_hot: class 3 is out of range for 3 classes");
  EXPECT_NE(error_of<IndexError>([&] { one_hot(ids({-1})); }), "no error");
}

TEST(Search, WorksRowByRowAndCounts) {
  const Tensor sorted = Tensor::from(std::vector<double>{1, 3, 5, 2, 4, NAN}, {2, 3});
  const Tensor values = Tensor::from(std::vector<double>{3, 9, 4, NAN}, {2, 2});
  EXPECT_EQ(values_of(searchsorted(sorted, values)), (Values{1, 3, 1, 2}));
  EXPECT_EQ(values_of(searchsorted(sorted, values, true)), (Values{2, 3, 2, 3}));
  EXPECT_EQ(values_of(bucketize(Tensor::from({0.0, 1.5}), Tensor::from({1.0, 2.0}))),
            (Values{0, 1}));
  EXPECT_EQ(values_of(bincount(ids({1, 3, 1}), {}, 6)), (Values{0, 2, 0, 1, 0, 0}));
  EXPECT_EQ(bincount(ids({1, 0}), Tensor::from({0.5, 2.0})).to_vector(),
            (std::vector<double>{2, 0.5}));
}

}  // namespace
}  // namespace rush
