#include "rush/io/npy.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "rush/base/file.h"
#include "rush/io/zip.h"

namespace rush::io {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

std::string npy(const std::string& dictionary, const std::string& data) {
  return "\x93NUMPY\1\0"s + static_cast<char>(dictionary.size()) + '\0' + dictionary + data;
}

Tensor parse(const std::string& content) { return detail::parse_npy("x: ", content); }

std::string error(const std::string& content) {
  try {
    parse(content);
  } catch (const IoError& e) {
    return e.what();
  }
  return "no error";
}

class NpyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_npy_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = (folder_ / "x").string();
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
  std::string path_;
};

State some_state() {
  return {{"a", Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3})},
          {"b/c", Tensor::from(std::vector<int64_t>(1000, 7))},
          {"scalar", Tensor::scalar(3, uint8)},
          {"none", Tensor::empty({0}, float64)}};
}

void expect_same(const State& a, const State& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_EQ(a[i].second.dtype(), b[i].second.dtype());
    EXPECT_EQ(a[i].second.shape(), b[i].second.shape());
    EXPECT_EQ(a[i].second.to_vector<double>(), b[i].second.to_vector<double>());
  }
}

TEST_F(NpyTest, TensorsComeBack) {
  for (const auto& [name, t] : some_state()) {
    save_npy(path_, t);
    expect_same({{name, load_npy(path_)}}, {{name, t}});
  }
  EXPECT_THROW(save_npy(path_, Tensor::empty({1}, bfloat16)), TypeError);
}

TEST_F(NpyTest, HeaderIsWhatNumpyWrites) {
  save_npy(path_, some_state()[0].second);
  const std::string content = read_file("test", path_);
  EXPECT_EQ(content.substr(0, 10), "\x93NUMPY\1\0\x76\0"s);
  EXPECT_EQ(content.substr(10, 59), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  EXPECT_EQ(content.size(), 128u + 24u);
}

TEST_F(NpyTest, ReadsFortranOrderAndBigEndian) {
  const std::string data("\1\4\2\5\3\6", 6);
  const Tensor t = parse(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", data));
  EXPECT_EQ(t.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  const Tensor big = parse(npy("{'descr':'>i2','fortran_order':False,'shape':(2,)}", "\1\2\3\4"));
  EXPECT_EQ(big.to_vector<int64_t>(), (std::vector<int64_t>{258, 772}));
}

TEST_F(NpyTest, BadHeadersAreRefusedWithAReason) {
  const auto has = [](const std::string& dictionary, const std::string& text) {
    const std::string found = error(npy(dictionary, "1234"));
    EXPECT_NE(found.find(text), std::string::npos) << dictionary << "\n" << found;
  };
  EXPECT_EQ(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "1234")),
            "no error");
  has("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "element type '|O'");
  has("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "records");
  has("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "True or False");
  has("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "needs 8 bytes of data, found 4");
  has("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "expected a size");
  has("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large");
  has("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)}", "overflow");
  has("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}", "twice");
  has("{'descr': '<f4', 'shape': (1,)}", "missing");
  has("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "after the dictionary");
  has("{'x': 1}", "unknown key x");
  EXPECT_NE(error("PK").find("is not an npy file"), std::string::npos);
}

TEST_F(NpyTest, ArchivesComeBack) {
  for (bool compress : {false, true}) {
    save_npz(path_, some_state(), {.compress = compress});
    expect_same(load_npz(path_), some_state());
  }
  save_npz(path_, {});
  EXPECT_TRUE(load_npz(path_).empty());
}

TEST_F(NpyTest, NoPrefixIsAcceptedAndAnAlteredArchiveNeverCrashes) {
  std::mt19937 random(1);
  for (bool compress : {false, true}) {
    save_npz(path_, {some_state()[0], some_state()[2]}, {.compress = compress});
    const std::string content = read_file("test", path_);
    for (size_t n = 0; n < content.size(); ++n)
      EXPECT_THROW(read_zip("x: ", content.substr(0, n)), IoError) << n;
    for (int round = 0; round < 1000; ++round) {
      std::string altered = content;
      altered[random() % altered.size()] = static_cast<char>(random());
      fs::remove(path_);  // cutting a file short waits for the disk, a new one does not
      std::ofstream(path_, std::ios::binary) << altered;
      try {
        load_npz(path_);
      } catch (const IoError&) {
      }
    }
  }
}

TEST_F(NpyTest, EntriesThatShareBytesAreRefused) {
  std::string archive =
      write_zip({{"a", std::string(100, 'x')}, {"b", std::string(100, 'x')}}, false);
  const size_t directory = archive.rfind("PK\1\2");  // the second entry, which points at the first
  archive.replace(directory + 42, 4, std::string(4, '\0'));
  EXPECT_EQ(read_zip("x: ", archive).size(), 2u);  // 200 bytes from 300: still bounded
  std::string more = archive;
  more.replace(directory + 20, 8, std::string("\xff\0\0\0\xff\0\0\0", 8));
  EXPECT_THROW(read_zip("x: ", more), IoError);
}

}  // namespace
}  // namespace rush::io
