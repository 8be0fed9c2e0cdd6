#include "rush/io/png.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "rush/base/file.h"

namespace rush::io {
namespace {

namespace fs = std::filesystem;

class PngTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_png_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = (folder_ / "x.png").string();
  }
  void TearDown() override { fs::remove_all(folder_); }
  bool loads(const std::string& content) {
    fs::remove(path_);  // cutting a file short waits for the disk, a new one does not
    std::ofstream(path_, std::ios::binary) << content;
    try {
      load_png(path_);
    } catch (const IoError&) {
      return false;
    }
    return true;
  }
  fs::path folder_;
  std::string path_;
};

Tensor picture(int64_t channels) {
  std::vector<uint8_t> values;
  for (int i = 0; i < channels * 4 * 5; ++i) values.push_back(static_cast<uint8_t>(i * 37));
  return Tensor::from(values, {channels, 4, 5});
}

TEST_F(PngTest, PicturesOfOneToFourChannelsComeBack) {
  for (int64_t channels = 1; channels <= 4; ++channels) {
    const Tensor p = picture(channels);
    save_png(path_, p);
    const Tensor back = load_png(path_);
    EXPECT_EQ(back.shape(), p.shape());
    EXPECT_EQ(back.to_vector<uint8_t>(), p.to_vector<uint8_t>()) << channels;
  }
}

TEST_F(PngTest, RejectsWhatIsNoPicture) {
  EXPECT_THROW(save_png(path_, Tensor::empty({4, 5}, uint8)), ShapeError);
  EXPECT_THROW(save_png(path_, Tensor::empty({5, 4, 5}, uint8)), ShapeError);
  EXPECT_THROW(save_png(path_, Tensor::empty({1, 0, 5}, uint8)), ShapeError);
  EXPECT_THROW(save_png(path_, Tensor::empty({1, 4, 5}, float32)), TypeError);
  EXPECT_FALSE(loads("no picture"));
  EXPECT_FALSE(loads(""));
}

TEST_F(PngTest, NoPrefixIsAcceptedAndAnAlteredFileNeverCrashes) {
  save_png(path_, picture(3));
  const std::string content = read_file("test", path_);
  const size_t kEndChunk = 12;  // libpng does not insist on the last chunk
  for (size_t n = 0; n + kEndChunk < content.size(); ++n)
    EXPECT_FALSE(loads(content.substr(0, n))) << n;
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::string altered = content;
    altered[random() % altered.size()] = static_cast<char>(random());
    loads(altered);
  }
}

TEST_F(PngTest, AHugePictureAsksForNoMemory) {
  save_png(path_, picture(1));
  std::string content = read_file("test", path_);
  content.replace(16, 8, std::string("\x00\x0f\xff\xff\x00\x0f\xff\xff", 8));  // width, height
  content.replace(29, 4, std::string("\xc1\x0e\x15\xa8", 4));
  EXPECT_FALSE(loads(content));
}

}  // namespace
}  // namespace rush::io
