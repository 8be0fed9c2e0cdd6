#include "rush/io/image_grid.h"

#include <gtest/gtest.h>

#include "rush/base/error.h"

namespace rush::io {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(ImageGrid, PlacesImagesRowByRow) {
  const Tensor images = Tensor::from(Bytes{1, 2, 3}, {3, 1, 1, 1});
  const Tensor grid = image_grid(images, {.columns = 2, .gap = 1, .background = 9});
  EXPECT_EQ(grid.shape(), (Shape{1, 3, 3}));
  EXPECT_EQ(grid.to_vector<uint8_t>(), (Bytes{1, 9, 2, 9, 9, 9, 3, 9, 9}));
}

TEST(ImageGrid, MapsAndCutsFloats) {
  const Tensor images = Tensor::from(std::vector<float>{-2, -1, 0, 3}, {1, 2, 1, 2});
  const Tensor grid = image_grid(images, {.low = -1, .high = 1});
  EXPECT_EQ(grid.to_vector<uint8_t>(), (Bytes{0, 0, 128, 255}));
}

TEST(ImageGrid, EnlargesAndIsAboutSquare) {
  const Tensor images = Tensor::from(Bytes{5, 6, 7, 8, 9}, {5, 1, 1, 1});
  const Tensor grid = image_grid(images, {.gap = 0, .scale = 2});
  EXPECT_EQ(grid.shape(), (Shape{1, 4, 6}));
  const Bytes bytes = grid.to_vector<uint8_t>();
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 6), (Bytes{5, 5, 6, 6, 7, 7}));
}

TEST(ImageGrid, RejectsWhatIsNoListOfImages) {
  EXPECT_THROW(image_grid(Tensor::from({1, 2})), ShapeError);
  EXPECT_THROW(image_grid(Tensor::empty({0, 1, 2, 2}, float32)), ShapeError);
  const Tensor one = Tensor::from(Bytes{1}, {1, 1, 1, 1});
  EXPECT_THROW(image_grid(one, {.scale = 0}), Error);
  EXPECT_THROW(image_grid(one, {.low = 1, .high = 1}), Error);
}

}  // namespace
}  // namespace rush::io
