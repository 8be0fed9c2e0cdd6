// dtypes, the half formats, shapes, inline vectors, threads.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <sstream>

#include "rush/base/dtype.h"
#include "rush/base/error.h"
#include "rush/base/inline_vec.h"
#include "rush/base/shape.h"
#include "rush/base/threads.h"

namespace rush {
namespace {

TEST(DType, NamesGoBothWays) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto t = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name_of(t)), t);
  }
  EXPECT_THROW(dtype_from_name("float31"), TypeError);
}

TEST(DType, PromotionIsSymmetricAndFollowsTheTable) {
  for (int a = 0; a < kDTypeCount; ++a)
    for (int b = 0; b < kDTypeCount; ++b)
      EXPECT_EQ(promote(DType(a), DType(b)), promote(DType(b), DType(a)));
  EXPECT_EQ(promote(uint8, int8), int16);
  EXPECT_EQ(promote(uint8, int16), int16);
  EXPECT_EQ(promote(float16, bfloat16), float32);
  EXPECT_EQ(promote(int64, float16), float16);
  EXPECT_EQ(promote(bool_, uint8), uint8);
}

TEST(Float16, RoundTripsEveryValue) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float v = Float16::to_float(static_cast<uint16_t>(bits));
    if (std::isnan(v)) {
      EXPECT_TRUE(std::isnan(Float16::to_float(Float16::from_float(v))));
      continue;
    }
    ASSERT_EQ(Float16::from_float(v), bits) << v;
  }
}

TEST(Float16, RoundsToNearestEvenAndOverflowsToInfinity) {
  EXPECT_EQ(static_cast<float>(Float16(1.0f + 0x1p-11f)), 1.0f);
  EXPECT_EQ(static_cast<float>(Float16(1.0f + 3 * 0x1p-11f)), 1.0f + 0x1p-9f);
  EXPECT_TRUE(std::isinf(static_cast<float>(Float16(65520.0f))));
  EXPECT_EQ(static_cast<float>(Float16(65519.0f)), 65504.0f);
  EXPECT_EQ(static_cast<float>(Float16(0x1p-25f)), 0.0f);
  EXPECT_EQ(static_cast<float>(Float16(-0x1.8p-24f)), -0x1p-23f);
}

TEST(BFloat16, RoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(static_cast<float>(BFloat16(1.0f + 0x1p-8f)), 1.0f);
  EXPECT_EQ(static_cast<float>(BFloat16(1.0f + 3 * 0x1p-8f)), 1.0f + 0x1p-6f);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::nanf("")))));
}

TEST(Dims, HoldsUpToTwelveAndRefusesMore) {
  Dims d = Dims::filled(kMaxRank, 1);
  EXPECT_EQ(d.size(), kMaxRank);
  EXPECT_THROW(d.push_back(1), ShapeError);
  EXPECT_THROW(Dims(std::vector<int64_t>(13, 1)), ShapeError);
  Dims e{1, 2, 3};
  e.insert(1, 9);
  EXPECT_EQ(to_text(e), "[1, 9, 2, 3]");
  std::ostringstream printed;
  printed << e;
  EXPECT_EQ(printed.str(), "[1, 9, 2, 3]");
  e.erase(0);
  EXPECT_EQ(e, (Dims{9, 2, 3}));
}

TEST(Shape, CountsElementsAndRefusesOverflow) {
  EXPECT_EQ(checked_numel({2, 3, 4}, 4, "t"), 24);
  EXPECT_EQ(checked_numel({}, 4, "t"), 1);
  EXPECT_EQ(checked_numel({5, 0}, 4, "t"), 0);
  EXPECT_THROW(checked_numel({-1}, 4, "t"), ShapeError);
  EXPECT_THROW(checked_numel({int64_t{1} << 40, int64_t{1} << 40}, 4, "t"), ShapeError);
  EXPECT_THROW(checked_numel({0, int64_t{1} << 40, int64_t{1} << 40}, 4, "t"), ShapeError);
}

TEST(Shape, BroadcastsOrSaysWhatClashes) {
  EXPECT_EQ(broadcast_shapes("t", {3, 1}, {4}), (Shape{3, 4}));
  EXPECT_EQ(broadcast_shapes("t", {}, {2}), (Shape{2}));
  EXPECT_EQ(broadcast_shapes("t", {0, 1}, {1, 5}), (Shape{0, 5}));
  try {
    broadcast_shapes("add", {2, 3}, {4});
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "add: shapes do not broadcast: [2, 3] and [4] (dimension -1: 3 and 4; equal sizes "
                 "or 1 would do)");
  }
}

TEST(Shape, NormalisesAxes) {
  EXPECT_EQ(normalize_axis("t", -1, 3), 2);
  EXPECT_EQ(normalize_axis("t", 0, 0), 0);
  EXPECT_THROW(normalize_axis("t", 3, 3), IndexError);
  EXPECT_EQ(normalize_axes("t", {-1, 0}, 3), (Dims{0, 2}));
  EXPECT_EQ(normalize_axes("t", {}, 2), (Dims{0, 1}));
  EXPECT_THROW(normalize_axes("t", {1, -1}, 2), ShapeError);
}

TEST(InlineVec, MovesBetweenInlineAndHeap) {
  using Item = std::shared_ptr<int>;
  const auto item = std::make_shared<int>(7);
  {
    InlineVec<Item, 2> v;
    for (int i = 0; i < 5; ++i) v.push_back(item);
    InlineVec<Item, 2> copy = v, moved = std::move(v);
    EXPECT_EQ(copy.size(), 5u);
    EXPECT_EQ(moved.size(), 5u);
    EXPECT_TRUE(v.empty());
    copy.resize(1);
    InlineVec<Item, 2> small = std::move(copy);
    moved = std::move(small);
    EXPECT_EQ(moved.size(), 1u);
    EXPECT_EQ(item.use_count(), 2);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TEST(Threads, CoverEveryIndexOnce) {
  const int before = num_threads();
  for (const int threads : {1, 2, 4}) {
    set_num_threads(threads);
    std::vector<int> hits(10'000);
    parallel_for(10'000, 33, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
    });
    EXPECT_EQ(std::accumulate(hits.begin(), hits.end(), 0), 10'000);
    EXPECT_EQ(*std::max_element(hits.begin(), hits.end()), 1);
  }
  set_num_threads(before);
}

TEST(Threads, RethrowTheFirstErrorAndRefuseNonsense) {
  EXPECT_THROW(parallel_for(100, 1,
                            [](int64_t b, int64_t) {
                              if (b == 50) fail<IndexError>("boom");
                            }),
               IndexError);
  EXPECT_THROW(set_num_threads(0), Error);
}

TEST(Error, JoinsItsParts) {
  try {
    fail<ShapeError>("matmul: a is ", Shape{2, 3}, ", dtype ", float32, ", ", 1.5, true);
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "matmul: a is [2, 3], dtype float32, 1.5true");
  }
}

}  // namespace
}  // namespace rush
