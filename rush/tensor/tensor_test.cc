// Storage, allocator, layouts, handles and printing: what needs no op.
#include "rush/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <thread>

#include "rush/tensor/allocator.h"

namespace rush {
namespace {

TEST(Allocator, ReusesBlocksAndKeepsCount) {
  const int64_t before = memory_stats().allocated;
  void* first;
  {
    const Tensor t = Tensor::empty({1 << 20}, float32);
    first = t.raw();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % kAlignment, 0u);
    EXPECT_GE(memory_stats().allocated, before + (4 << 20));
  }
  EXPECT_EQ(memory_stats().allocated, before);
  const int64_t system = memory_stats().system_allocations;
  EXPECT_EQ(Tensor::empty({1 << 20}, float32).raw(), first);
  EXPECT_EQ(memory_stats().system_allocations, system);
  empty_cache();
  EXPECT_EQ(memory_stats().cached, 0);
}

TEST(Allocator, KeepsSmallBlocksHoweverManyAreFreed) {
  const auto make_many = [] {
    size_t capacity = 0;
    std::vector<void*> many;
    for (int i = 0; i < 100; ++i) many.push_back(allocate(1 << 16, &capacity));
    for (void* block : many) deallocate(block, capacity);
  };
  make_many();
  const MemoryStats first = memory_stats();
  EXPECT_GE(first.cached, 100 << 16);
  make_many();
  EXPECT_EQ(memory_stats().system_allocations, first.system_allocations);
  std::thread(make_many).join();  // takes what this thread has too many of
  EXPECT_LT(memory_stats().system_allocations, first.system_allocations + 50);
  EXPECT_EQ(memory_stats().allocated, first.allocated);
  empty_cache();
  EXPECT_EQ(memory_stats().cached, 0);
}

TEST(Allocator, PeakIsResettable) {
  reset_peak_memory();
  const int64_t base = memory_stats().allocated;
  Tensor::empty({1 << 18}, float32);
  EXPECT_GE(memory_stats().peak, base + (1 << 20));
  reset_peak_memory();
  EXPECT_LT(memory_stats().peak, base + (1 << 20));
}

TEST(Allocator, FailsWithAnErrorAndTheProgramGoesOn) {
  const int64_t before = memory_stats().allocated;
  EXPECT_THROW(Tensor::empty({int64_t{1} << 45}, float32), Error);
  set_memory_limit(static_cast<size_t>(before) + (1 << 20));
  EXPECT_THROW(Tensor::empty({1 << 20}, float32), Error);
  EXPECT_NO_THROW(Tensor::empty({1 << 10}, float32));
  set_memory_limit(0);
  EXPECT_NO_THROW(Tensor::empty({1 << 20}, float32));
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Allocator, BlocksMayBeFreedByAnotherThread) {
  const int64_t before = memory_stats().allocated;
  std::vector<Tensor> made;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) made.push_back(Tensor::empty({i + 1}, float32));
  }).join();
  made.clear();
  made.shrink_to_fit();
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Layout, KnowsContiguousDenseAndChannelsLast) {
  EXPECT_TRUE(is_contiguous({2, 3}, {3, 1}));
  EXPECT_TRUE(is_contiguous({1, 3}, {77, 1}));
  EXPECT_TRUE(is_contiguous({0, 3}, {5, 5}));
  EXPECT_FALSE(is_contiguous({2, 3}, {1, 2}));
  EXPECT_TRUE(is_dense({2, 3}, {1, 2}));
  EXPECT_FALSE(is_dense({2, 3}, {4, 1}));
  const Shape nchw{2, 3, 4, 5};
  EXPECT_EQ(channels_last_strides(nchw), (Strides{60, 1, 15, 3}));
  EXPECT_TRUE(is_channels_last(nchw, {60, 1, 15, 3}));
  EXPECT_EQ(dense_strides_like({2, 8, 2, 2}, {60, 1, 15, 3}), (Strides{32, 1, 16, 8}));
}

TEST(Layout, ReshapesWhereStridesAllow) {
  const auto strides = [](const Layout& from, const Shape& to) {
    return reshape_strides(from, to);
  };
  EXPECT_EQ(strides(Layout({4, 6}), {2, 2, 3, 2}), (Strides{12, 6, 2, 1}));
  const Layout transposed({4, 6}, {1, 4}, 0);
  EXPECT_FALSE(strides(transposed, {24}).has_value());
  EXPECT_EQ(strides(transposed, {2, 2, 6}), (Strides{2, 1, 4}));
  EXPECT_EQ(strides(transposed, {4, 6, 1}).value()[1], 4);
  EXPECT_TRUE(strides(Layout({2, 0}), {0, 7}).has_value());
  EXPECT_EQ(strides(Layout({1, 1}), {}), (Strides{}));
  EXPECT_TRUE(strides(Layout(Shape{}), {1, 1}).has_value());
}

TEST(Tensor, KnowsItsValuesAndRefusesWrongTypes) {
  const Tensor t = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(t.size(-1), 3);
  EXPECT_EQ(t.data<float>()[4], 5);
  EXPECT_THROW(t.data<double>(), TypeError);
  EXPECT_THROW(t.item(), ShapeError);
  EXPECT_THROW(t.size(2), IndexError);
  EXPECT_THROW(Tensor().shape(), Error);
  EXPECT_THROW(Tensor::from<float>({1, 2}, {3}), ShapeError);
  EXPECT_EQ(Tensor::scalar(2.5, float16).item<float>(), 2.5f);
  EXPECT_EQ(Tensor(int64_t{1} << 60).item<int64_t>(), int64_t{1} << 60);
  EXPECT_EQ(t.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Tensor, WrapsForeignMemoryAndReleasesItOnce) {
  int released = 0;
  std::vector<float> mine = {1, 2};
  {
    const Tensor t = Tensor::wrap(
        mine.data(), Layout({2}), float32, 8, [](void* p) { ++*static_cast<int*>(p); }, &released);
    const Tensor copy = t;
    t.data<float>()[0] = 9;
  }
  EXPECT_EQ(released, 1);
  EXPECT_EQ(mine[0], 9);
}

TEST(Printing, ShowsValuesDtypeAndShape) {
  EXPECT_EQ(to_string(Tensor::from<float>({1, 2.5, -3, 4}, {2, 2})),
            "tensor([[ 1.0000,  2.5000],\n"
            "        [-3.0000,  4.0000]], float32[2, 2])");
  EXPECT_EQ(to_string(Tensor::from<float>({1, 20})), "tensor([ 1., 20.], float32[2])");
  EXPECT_EQ(to_string(Tensor::from<int64_t>({9007199254740993, -1})),
            "tensor([9007199254740993,               -1], int64[2])");
  EXPECT_EQ(to_string(Tensor::empty({0, 3}, int32)), "tensor([], int32[0, 3])");
  EXPECT_EQ(to_string(Tensor::scalar(3, float64)), "tensor(3., float64[])");
  EXPECT_EQ(to_string(Tensor()), "tensor(undefined)");
  EXPECT_EQ(to_string(Tensor::from<float>({1e-6f, 1, NAN, INFINITY})),
            "tensor([1.0000e-06, 1.0000e+00,        nan,        inf], float32[4])");
}

TEST(Printing, SummarisesLargeTensors) {
  std::vector<int32_t> many(2000);
  for (int i = 0; i < 2000; ++i) many[static_cast<size_t>(i)] = i;
  std::ostringstream os;
  os << Tensor::from(many);
  EXPECT_EQ(os.str(), "tensor([   0,    1,    2, ..., 1997, 1998, 1999], int32[2000])");
}

}  // namespace
}  // namespace rush
