#include "rush/data/mnist.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "rush/base/file.h"
#include "rush/data/folders.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

class MnistTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_mnist_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    put("train-images-idx3-ubyte", "\0\0\x08\3\0\0\0\2\0\0\0\x1c\0\0\0\x1c"s +
                                       std::string(784, '\1') + std::string(784, '\2'));
    put("train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\2\7\3"s);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void put(const std::string& name, const std::string& content) {
    write_file("test", (folder_ / name).string(), content);
  }
  std::string error(bool train = true) {
    try {
      MnistDataset({.folder = folder_.string(), .train = train});
    } catch (const IoError& e) {
      return e.what();
    }
    return "no error";
  }
  fs::path folder_;
};

TEST_F(MnistTest, ReadsAPairOfFiles) {
  const MnistDataset data({.folder = folder_.string()});
  EXPECT_EQ(data.images().shape(), (Shape{2, 1, 28, 28}));
  EXPECT_EQ(data.labels().to_vector<int64_t>(), (std::vector<int64_t>{7, 3}));
  EXPECT_EQ(data.images().data<uint8_t>()[784], 2);
}

TEST_F(MnistTest, FindsFilesInTheFolderMnist) {
  fs::create_directory(folder_ / "mnist");
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"})
    fs::rename(folder_ / name, folder_ / "mnist" / name);
  EXPECT_EQ(MnistDataset({.folder = folder_.string()}).size(), 2);
}

TEST_F(MnistTest, ErrorsNameFilesAndWhatIsWrong) {
  EXPECT_NE(error(false).find("has neither t10k-images-idx3-ubyte.gz nor"), std::string::npos);
  put("train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\2\7\x0a"s);
  EXPECT_NE(error().find("label 1 is 10, not in 0 to 9"), std::string::npos) << error();
  put("train-labels-idx1-ubyte", "\0\0\x08\1\0\0\0\1\7"s);
  EXPECT_NE(error().find("has 2 images, but"), std::string::npos) << error();
  put("train-images-idx3-ubyte", "\0\0\x08\2\0\0\0\1\0\0\0\1x"s);
  EXPECT_NE(error().find("images should be uint8 [N, 28, 28], found uint8 [1, 1]"),
            std::string::npos)
      << error();
}

TEST(Digits, TheShippedExtractIsTheDefault) {
  const MnistDataset train, test({.train = false});
  EXPECT_EQ(train.size(), 10000);
  EXPECT_EQ(test.size(), 2000);
  int counts[10] = {};
  for (int64_t label : test.labels().to_vector<int64_t>()) ++counts[label];
  for (int count : counts) EXPECT_GT(count, 150);
}

TEST(Digits, TheEnvironmentNamesAnotherFolder) {
  const std::string real = digits_folder();
  setenv("RUSHLIGHT_DATA", fs::path(real).parent_path().c_str(), 1);
  EXPECT_EQ(digits_folder(), (fs::path(real).parent_path() / "digits").string());
  unsetenv("RUSHLIGHT_DATA");
}

}  // namespace
}  // namespace rush::data
