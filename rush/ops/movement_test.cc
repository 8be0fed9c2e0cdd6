// What the rows cannot show: that views share storage, what happens at the edges, and the error
// texts; and chains of random views against a model that copies.
#include "rush/ops/movement.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

using Values = std::vector<int64_t>;

Tensor counting(const Shape& shape, DType dtype = int64) {
  return arange(numel(shape), dtype).reshape(shape);
}

TEST(Views, ShareStorage) {
  const Tensor x = counting({2, 3, 4}, float32);
  for (const Tensor& y :
       {reshape(x, {6, 4}), view(x, {-1}), flatten(x), transpose(x, 0, 2), permute(x, {1, 0, 2}),
        unsqueeze(x, 1), squeeze(unsqueeze(x, 0)), expand(unsqueeze(x, 0), {5, 2, 3, 4}),
        slice(x, 1, 1), select(x, 0, 1), diagonal(x), unfold(x, 2, 2, 1), movedim(x, 0, 2),
        unbind(x, 1)[2], split(x, 2, 2)[1], chunk(x, 2, 1)[0], narrow(x, 2, 1, 2)})
    EXPECT_TRUE(y.storage() == x.storage());
  EXPECT_FALSE(reshape(transpose(x, 0, 1), {-1}).storage() == x.storage());
  EXPECT_FALSE(flip(x, {0}).storage() == x.storage());
}

TEST(Views, PassWritesOn) {
  const Tensor x = counting({3, 4});
  select(transpose(x, 0, 1), 0, 2).fill_(-1);
  slice(reshape(x, {-1}), 0, 0, 12, 5) += 100;
  EXPECT_EQ(x.to_vector<int64_t>(), (Values{100, 1, -1, 3, 4, 105, -1, 7, 8, 9, 99, 11}));
}

TEST(Views, AreSeenByTheTapeOfTheirBase) {
  const Tensor x = counting({3}, float32);
  const Tensor w = ones({3}, float32).requires_grad_();
  const Tensor y = mul(w, x);  // saves x
  slice(x, 0, 0, 1).fill_(7);
  EXPECT_NE(error_of([&] { sum(y).backward(); }), "no error");
}

TEST(Reshape, CopiesOnlyWhereItMust) {
  const Tensor x = transpose(counting({2, 3, 4}), 0, 1);  // [3, 2, 4]
  EXPECT_TRUE(reshape(x, {3, 2, 2, 2}).storage() == x.storage());
  EXPECT_EQ(reshape(x, {6, 4}).to_vector<int64_t>(), x.to_vector<int64_t>());
  EXPECT_EQ(error_of<ShapeError>([&] {
              view(x, {6, 4});
            }),
            "view: [6, 4] cannot show the elements of [3, 2, 4] with strides [4, 12, 1] without a "
            "copy; use reshape");
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<ShapeError>([&] {
              reshape(x, {4, 2});
            }),
            "reshape: element counts differ: [2, 3] has 6, [4, 2] has 8");
  EXPECT_EQ(error_of<ShapeError>([&] {
              reshape(x, {4, -1});
            }),
            "reshape: element counts differ: [2, 3] has 6, [4, -1] needs a multiple of 4");
  EXPECT_EQ(error_of<ShapeError>([&] {
              reshape(x, {-1, -1});
            }),
            "reshape: sizes must be 0 or more, one of them may be -1; got [-1, -1]");
  EXPECT_NE(error_of<ShapeError>([&] {
              reshape(counting({0}), {0, -1});
            }).find("could be any"),
            std::string::npos);
  EXPECT_NE(error_of<ShapeError>([&] {
              reshape(x, {int64_t{1} << 40, int64_t{1} << 40});
            }).find("over"),
            std::string::npos);
}

TEST(Reshape, HandlesEmptyAnd0d) {
  EXPECT_EQ(reshape(counting({0, 3}), {-1, 3}).shape(), (Shape{0, 3}));
  EXPECT_EQ(reshape(counting({0, 3}), {7, 0, 2}).shape(), (Shape{7, 0, 2}));
  EXPECT_EQ(reshape(Tensor::scalar(3, float32), {1, -1}).shape(), (Shape{1, 1}));
  EXPECT_EQ(flatten(Tensor::scalar(3, float32)).shape(), (Shape{1}));
  EXPECT_EQ(squeeze(Tensor::scalar(3, float32)).shape(), Shape{});
}

TEST(Expand, RefusesWhatDoesNotFit) {
  const Tensor x = counting({3, 1});
  EXPECT_EQ(error_of<ShapeError>([&] {
              expand(x, {2, 4});
            }),
            "expand: only axes of size 1 can be repeated: x is [3, 1], asked for [2, 4] (-1 keeps "
            "the size of an axis)");
  EXPECT_EQ(error_of<ShapeError>([&] { expand(x, {3}); }),
            "expand: cannot drop axes: x is [3, 1], asked for [3]");
  EXPECT_NE(error_of<ShapeError>([&] { expand(x, {-1, 3, 1}); }), "no error");
  EXPECT_NE(error_of([&] { expand(x, {3, 4}).fill_(1); }).find("expanded"), std::string::npos);
}

TEST(Axes, AreChecked) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<IndexError>([&] { transpose(x, 0, 2); }),
            "transpose: axis 2 is out of range; a tensor of rank 2 takes axes -2 to 1");
  EXPECT_EQ(error_of<ShapeError>([&] {
              permute(x, {0, -2});
            }),
            "permute: axis -2 is named twice in [0, -2]");
  EXPECT_EQ(error_of<ShapeError>([&] { permute(x, {0}); }),
            "permute: axes must name every axis once: x has rank 2, axes are [0]");
  EXPECT_EQ(error_of<IndexError>([&] { unsqueeze(x, 3); }),
            "unsqueeze: axis 3 is out of range; a tensor of rank 3 takes axes -3 to 2");
  EXPECT_NE(error_of<ShapeError>([&] { movedim(x, Dims{0, 0}, Dims{0, 1}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] {
              t(counting({2, 2, 2}));
            }).find("transpose"),
            std::string::npos);
}

TEST(Slice, ClampsAsPythonDoes) {
  const Tensor x = counting({5});
  const auto values = [&](int64_t from, int64_t to, int64_t step) {
    return slice(x, 0, from, to, step).to_vector<int64_t>();
  };
  EXPECT_EQ(values(-2, INT64_MAX, 1), (Values{3, 4}));
  EXPECT_EQ(values(-100, 2, 1), (Values{0, 1}));
  EXPECT_EQ(values(INT64_MIN, INT64_MAX, 3), (Values{0, 3}));
  EXPECT_EQ(values(3, 1, 1), Values{});
  EXPECT_EQ(values(1, 5, INT64_MAX), (Values{1}));
  EXPECT_EQ(values(9, 12, 1), Values{});
}

TEST(Slice, RefusesBadStepsAndPlaces) {
  const Tensor x = counting({5, 2});
  EXPECT_EQ(error_of<IndexError>([&] { slice(x, 0, 0, 5, -1); }),
            "slice: step must be 1 or more; got -1 (flip reverses an axis)");
  EXPECT_EQ(error_of<IndexError>([&] { select(x, 1, 2); }),
            "select: index 2 is out of range for axis 1 of size 2");
  EXPECT_EQ(error_of<IndexError>([&] { narrow(x, 0, 3, 3); }),
            "narrow: start 3, length 3 reach outside axis 0 of size 5");
  EXPECT_EQ(error_of<IndexError>([&] { slice(Tensor::scalar(1, int64), 0); }),
            "slice: a 0-d tensor has no axis to slice");
  EXPECT_NE(error_of<ShapeError>([&] { unfold(x, 0, 6, 1); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { diagonal(x, 0, 1, -1); }), "no error");
}

std::vector<Shape> shapes_of(const Tensors& parts) {
  std::vector<Shape> shapes;
  for (const Tensor& p : parts) shapes.push_back(p.shape());
  return shapes;
}

TEST(Split, CutsAsPyTorchDoes) {
  const Tensor x = counting({7});
  using Shapes = std::vector<Shape>;
  EXPECT_EQ(shapes_of(split(x, 3)), (Shapes{{3}, {3}, {1}}));
  EXPECT_EQ(shapes_of(split(x, {2, 0, 5})), (Shapes{{2}, {0}, {5}}));
  EXPECT_EQ(shapes_of(chunk(x, 4)), (Shapes{{2}, {2}, {2}, {1}}));
  EXPECT_EQ(shapes_of(chunk(x, 6)), (Shapes{{2}, {2}, {2}, {1}}));
  EXPECT_EQ(shapes_of(tensor_split(x, 3)), (Shapes{{3}, {2}, {2}}));
  EXPECT_EQ(shapes_of(tensor_split(x, {1, 5})), (Shapes{{1}, {4}, {2}}));
  EXPECT_EQ(shapes_of(tensor_split(x, {3})), (Shapes{{3}, {4}}));
  EXPECT_EQ(shapes_of(split(counting({0}), 3)), (Shapes{{0}}));
  EXPECT_EQ(shapes_of(chunk(counting({0}), 2)), (Shapes{{0}, {0}}));
  EXPECT_EQ(error_of<ShapeError>([&] {
              split(x, {2, 3});
            }),
            "split: sizes must add up to 7, the size of axis 0; got [2, 3]");
  EXPECT_NE(error_of<ShapeError>([&] { split(x, {INT64_MAX, INT64_MAX}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { split(x, 0); }), "no error");
}

TEST(Cat, PromotesAndKeepsChannelsLast) {
  const Tensor y = cat({counting({2}), Tensor::from({0.5, 1.5})});
  EXPECT_EQ(y.dtype(), float32);
  EXPECT_EQ(y.to_vector(), (std::vector<double>{0, 1, 0.5, 1.5}));
  const Tensor image = permute(counting({2, 4, 5, 3}, float32), {0, 3, 1, 2});
  const Tensor joined = cat({image, image}, 1);
  EXPECT_TRUE(is_channels_last(joined.shape(), joined.strides()));
  EXPECT_EQ(slice(joined, 1, 3).to_vector(), image.to_vector());
}

TEST(Cat, OfOneTensorTwiceAddsItsGradients) {
  const Tensor x = counting({2, 2}, float32).requires_grad_();
  const Tensor y = cat({x, x, x}, 1);
  sum(mul(y, counting({2, 6}, float32))).backward();
  EXPECT_EQ(x.grad().to_vector(), (std::vector<double>{6, 9, 24, 27}));
}

TEST(Cat, RefusesWhatDoesNotFit) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<ShapeError>([&] {
              cat({x, counting({2, 2})});
            }),
            "cat: shapes must be equal but for axis 0; input 0 is [2, 3], input 1 is [2, 2]");
  EXPECT_EQ(error_of<ShapeError>([&] { cat({Tensor::scalar(1, int64)}); }),
            "cat: a 0-d tensor has no axis to join along (stack makes a new one)");
  EXPECT_EQ(error_of<ShapeError>([&] { cat(std::vector<Tensor>{}); }),
            "cat: needs at least one tensor");
  EXPECT_EQ(error_of<ShapeError>([&] {
              stack({x, counting({3, 2})});
            }),
            "stack: shapes must be equal; input 0 is [2, 3], input 1 is [3, 2]");
}

TEST(Cat, JoinsEmptyPartsAndManyOfThem) {
  EXPECT_EQ(cat({counting({0, 2}), counting({1, 2}), counting({0, 2})}).shape(), (Shape{1, 2}));
  std::vector<Tensor> many(100, Tensor::scalar(3, int64));
  EXPECT_EQ(stack(many).shape(), (Shape{100}));
}

TEST(Rearranging, GivesNumPysResults) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(roll(x, {2}).to_vector<int64_t>(), (Values{4, 5, 0, 1, 2, 3}));
  EXPECT_EQ(tile(x, {2}).to_vector<int64_t>(), (Values{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(repeat_interleave(counting({3}), Tensor::from(Values{2, 0, 1})).to_vector<int64_t>(),
            (Values{0, 0, 2}));
  EXPECT_EQ(rot90(x, 2).to_vector<int64_t>(), (Values{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(rot90(x, -1).to_vector<int64_t>(), (Values{3, 0, 4, 1, 5, 2}));
  EXPECT_EQ(diag(counting({3}), -1).shape(), (Shape{4, 4}));
  EXPECT_EQ(diag(counting({2, 2})).to_vector<int64_t>(), (Values{0, 3}));
  const Tensors grid = meshgrid(std::vector{counting({2}), counting({3})}, "xy");
  EXPECT_EQ(grid[0].to_vector<int64_t>(), (Values{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(grid[1].to_vector<int64_t>(), (Values{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(repeat(x, {0, 1}).shape(), (Shape{0, 3}));
  EXPECT_EQ(tril(counting({0, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(flip(Tensor::scalar(2, int64), {0}).item<int64_t>(), 2);
}

TEST(Pad, RefusesWhatItCannotDo) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(error_of<ShapeError>([&] {
              pad(x, {3, 0}, "reflect");
            }),
            "pad: mode reflect adds at most 2 elements to axis 1 of [2, 3]; asked for 3");
  EXPECT_EQ(error_of<ShapeError>([&] { pad(x, {1}); }),
            "pad: sizes are pairs (before, after), the last axis first, at most one pair an axis; "
            "got [1] for x of shape [2, 3]");
  EXPECT_NE(error_of<ShapeError>([&] {
              pad(x, {-2, -2});
            }).find("no valid size"),
            std::string::npos);
  EXPECT_NE(error_of([&] { pad(x, {1, 1}, "mirror"); }).find("'mirror'"), std::string::npos);
  EXPECT_NE(error_of<ShapeError>([&] { pad(counting({2, 0}), {1, 0}, "replicate"); }), "no error");
}

// A tensor as a list of element numbers: what a chain of views must show.
struct Model {
  Shape shape;
  Values ids;
};

// Reads the model through a function from the new coordinates to the old.
template <typename F>
Model remapped(const Model& m, const Shape& shape, F&& old_of) {
  Model out{shape, {}};
  Dims at = Dims::filled(shape.size(), 0);
  for (int64_t i = 0, n = numel(shape); i < n; ++i) {
    const Dims old = old_of(at);
    int64_t offset = 0;
    for (int d = 0; d < old.size(); ++d) offset = offset * m.shape[d] + old[d];
    out.ids.push_back(m.ids[static_cast<size_t>(offset)]);
    for (int d = shape.size() - 1; d >= 0 && ++at[d] == shape[d]; --d) at[d] = 0;
  }
  return out;
}

class RandomViews {
 public:
  explicit RandomViews(unsigned seed) : random_(seed) {}
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }

  void step(Tensor& x, Model& m) {
    const int rank = m.shape.size();
    const int axis = static_cast<int>(below(rank));
    const int64_t size = m.shape[axis];
    Shape shape = m.shape;
    switch (below(6)) {
      case 0: {
        const int other = static_cast<int>(below(rank));
        x = transpose(x, axis, other);
        std::swap(shape[axis], shape[other]);
        m = remapped(m, shape, [=](Dims at) { return std::swap(at[axis], at[other]), at; });
        return;
      }
      case 1: {
        if (size == 0) return;
        const int64_t start = below(size), step = 1 + below(3);
        x = slice(x, axis, start, INT64_MAX, step);
        shape[axis] = (size - start + step - 1) / step;
        m = remapped(m, shape, [=](Dims at) { return at[axis] = start + step * at[axis], at; });
        return;
      }
      case 2: {
        if (rank < 2 || size == 0) return;
        const int64_t i = below(size);
        x = select(x, axis, i - (below(2) ? size : 0));
        shape.erase(axis);
        m = remapped(m, shape, [=](Dims at) { return at.insert(axis, i), at; });
        return;
      }
      case 3:
        if (rank > 5) return;
        x = unsqueeze(x, axis);
        shape.insert(axis, 2);
        x = expand(x, shape);
        m = remapped(m, shape, [=](Dims at) { return at.erase(axis), at; });
        return;
      case 4:
        x = flip(x, {axis});
        m = remapped(m, shape, [=](Dims at) { return at[axis] = size - 1 - at[axis], at; });
        return;
      default:
        if (rank < 2 || axis == 0) return;
        shape[axis] *= shape[axis - 1];
        shape.erase(axis - 1);
        x = reshape(x, shape);
        m.shape = shape;
    }
  }

 private:
  std::mt19937 random_;
};

TEST(Views, ChainAtRandom) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomViews random(seed);
    Tensor x = counting({3, 2, 4});
    Model m{x.shape(), x.to_vector<int64_t>()};
    for (int i = 0; i < 8 && numel(m.shape) < 5000; ++i) {
      random.step(x, m);
      ASSERT_EQ(x.shape(), m.shape) << "seed " << seed;
      ASSERT_EQ(contiguous(x).to_vector<int64_t>(), m.ids) << "seed " << seed << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace rush
