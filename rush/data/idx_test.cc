#include "rush/data/idx.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "rush/base/error.h"
#include "rush/data/random.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

std::string gzip(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(content.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class IdxTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_idx_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  Tensor read(const std::string& content) {
    path_ = (folder_ / "x").string();
    fs::remove(path_);  // cutting a file short waits for the disk, a new one does not
    std::ofstream(path_, std::ios::binary) << content;
    return read_idx(path_);
  }
  std::string error(const std::string& content) {
    try {
      read(content);
    } catch (const IoError& e) {
      const std::string text = e.what(), start = "idx: " + path_ + ": ";
      EXPECT_EQ(text.substr(0, start.size()), start);
      return text.substr(start.size());
    }
    return "no error";
  }
  fs::path folder_;
  std::string path_;
};

const std::string kBytes = "\0\0\x08\x02\0\0\0\x02\0\0\0\x03\1\2\3\4\5\6"s;

TEST_F(IdxTest, ReadsPlainAndGzipped) {
  for (const std::string& content : {kBytes, gzip(kBytes)}) {
    const Tensor t = read(content);
    EXPECT_EQ(t.shape(), (Shape{2, 3}));
    EXPECT_EQ(t.dtype(), uint8);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(t.data<uint8_t>()[i], i + 1);
  }
}

TEST_F(IdxTest, ReadsBigEndianTypesAndEmptyTensors) {
  EXPECT_EQ(read("\0\0\x0B\1\0\0\0\2\x01\x02\xff\xfe"s).data<int16_t>()[0], 258);
  EXPECT_EQ(read("\0\0\x0B\1\0\0\0\2\x01\x02\xff\xfe"s).data<int16_t>()[1], -2);
  EXPECT_EQ(read("\0\0\x0C\1\0\0\0\1\0\0\1\0"s).data<int32_t>()[0], 256);
  EXPECT_EQ(read("\0\0\x0D\1\0\0\0\1\x3f\x80\0\0"s).data<float>()[0], 1.0f);
  EXPECT_EQ(read("\0\0\x08\2\0\0\0\0\0\0\0\3"s).shape(), (Shape{0, 3}));
}

TEST_F(IdxTest, ErrorsSayWhatWasExpectedAndFound) {
  EXPECT_EQ(error("\x1\0\x08\1"s), "is not an IDX file: it should begin with 0, 0");
  EXPECT_EQ(error("\0\0\x07\1\0\0\0\1"s), "element type 7 is none of 8, 9, 11, 12, 13, 14");
  EXPECT_EQ(error("\0\0\x08\0"s), "rank 0 is not in 1 to 8");
  EXPECT_EQ(error("\0\0"s), "is cut off: the header should have 4 bytes, found 2");
  EXPECT_EQ(error("\0\0\x08\x02\0\0\0\x02\0\0\0\x03\1\2"s),
            "is cut off: sizes [2, 3] need 6 bytes, more than the file can hold");
  EXPECT_EQ(error(kBytes + "x"), "has bytes after its last element");
  EXPECT_EQ(error(gzip(kBytes + "x")), "has bytes after its last element");
  EXPECT_EQ(error(gzip(kBytes) + "x"), "has bytes after the end of the gzip data");
  EXPECT_EQ(error("\0\0\x0E\4"s + std::string(16, '\xff')),
            "sizes [4294967295, 4294967295] overflow");
  EXPECT_EQ(error("\0\0\x08\1\xff\xff\xff\xff"s),
            "is cut off: sizes [4294967295] need 4294967295 bytes, more than the file can hold");
}

TEST_F(IdxTest, AGzippedHeaderThatPromisesTooMuchAsksForNoMemory) {
  const std::string text = error(gzip("\0\0\x08\2\0\1\0\0\0\1\0\0abc"s));
  EXPECT_NE(text.find("more than the file can hold"), std::string::npos) << text;
}

TEST_F(IdxTest, NoPrefixOfAFileIsAccepted) {
  for (const std::string& content : {kBytes, gzip(kBytes)})
    for (size_t n = 0; n < content.size(); ++n)
      EXPECT_NE(error(content.substr(0, n)), "no error") << n;
}

TEST_F(IdxTest, AnAlteredGzipFileIsRefusedAndAnAlteredPlainOneNeverCrashes) {
  Random random(1);
  const std::string packed = gzip(kBytes);
  const auto expected = read(kBytes).to_vector<uint8_t>();
  for (int round = 0; round < 500; ++round) {
    std::string plain = kBytes, zipped = packed;
    plain[random.below(plain.size())] ^= static_cast<char>(1 + random.below(255));
    error(plain);
    const size_t at = 10 + random.below(zipped.size() - 10);  // the header has unused bytes
    zipped[at] ^= static_cast<char>(1 + random.below(255));
    // Bits that pad the last byte of the data mean nothing; all others are noticed.
    if (error(zipped) == "no error") {
      EXPECT_EQ(read(zipped).to_vector<uint8_t>(), expected) << at;
    }
  }
}

}  // namespace
}  // namespace rush::data
