#include "rush/io/safetensors.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "rush/base/file.h"

namespace rush {
namespace {

namespace fs = std::filesystem;

class SafetensorsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_safe_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = (folder_ / "x.safetensors").string();
  }
  void TearDown() override {
    detail::set_atomic_file_hook(nullptr);
    fs::remove_all(folder_);
  }
  // What load_state says about a file with this header and so many bytes of data.
  std::string error(const std::string& header, size_t data_bytes) {
    const uint64_t length = header.size();
    std::string content(sizeof length, '\0');
    std::memcpy(content.data(), &length, sizeof length);
    return error_of(content + header + std::string(data_bytes, '\1'));
  }
  std::string error_of(const std::string& content) {
    fs::remove(path_);  // cutting a file short waits for the disk, a new one does not
    std::ofstream(path_, std::ios::binary) << content;
    try {
      load_state(path_);
    } catch (const IoError& e) {
      const std::string text = e.what(), start = "load: " + path_ + ": ";
      EXPECT_EQ(text.substr(0, start.size()), start);
      return text.substr(start.size());
    }
    return "no error";
  }
  fs::path folder_;
  std::string path_;
};

State small_state() {
  return {{"half", Tensor::from(std::vector<Float16>{Float16(1.5f)}, {1})},
          {"a", Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3})},
          {"empty", Tensor::empty({0, 4}, float32)},
          {"number", Tensor::scalar(7, int64)}};
}

TEST_F(SafetensorsTest, EveryTypeComesBack) {
  State state;
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    Tensor t = Tensor::empty({3}, dtype);
    for (size_t b = 0; b < 3 * size_of(dtype); ++b)
      static_cast<uint8_t*>(t.raw())[b] = static_cast<uint8_t>(dtype == bool_ ? b % 2 : b + i);
    state.emplace_back("t." + std::string(name_of(dtype)), t);
  }
  save(path_, state);
  const State back = load_state(path_);
  ASSERT_EQ(back.size(), state.size());
  for (const auto& [name, t] : state) {
    const auto same = [&n = name](const auto& pair) { return pair.first == n; };
    const auto at = std::find_if(back.begin(), back.end(), same);
    ASSERT_NE(at, back.end()) << name;
    EXPECT_EQ(at->second.dtype(), t.dtype());
    EXPECT_EQ(std::memcmp(at->second.raw(), t.raw(), 3 * size_of(t.dtype())), 0) << name;
  }
}

TEST_F(SafetensorsTest, ShapesAndMetadataComeBack) {
  save(path_, small_state(), {{"who", "me \"quoted\""}, {"é", "ü"}});
  EXPECT_EQ(load_metadata(path_), (Metadata{{"who", "me \"quoted\""}, {"é", "ü"}}));
  for (const auto& [name, t] : load_state(path_)) {
    if (name == "a") {
      EXPECT_EQ(t.to_vector<float>(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    }
    if (name == "empty") {
      EXPECT_EQ(t.shape(), (Shape{0, 4}));
    }
    if (name == "number") {
      EXPECT_EQ(t.shape(), (Shape{}));
    }
  }
  save(path_, {});
  EXPECT_TRUE(load_state(path_).empty());
}

TEST_F(SafetensorsTest, DataIsAligned) {
  save(path_, small_state());
  const std::string content = read_file("test", path_);
  uint64_t length;
  std::memcpy(&length, content.data(), sizeof length);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(load_state(path_)[0].first, "number");
  EXPECT_EQ(load_state(path_).back().first, "half");
}

TEST_F(SafetensorsTest, SavingRejectsWhatNoFileCanHold) {
  const Tensor t = Tensor::scalar(1, float32);
  EXPECT_THROW(save(path_, {{"a", t}, {"a", t}}), Error);
  EXPECT_THROW(save(path_, {{"__metadata__", t}}), Error);
  EXPECT_THROW(save(path_, {{"a", Tensor()}}), Error);
  EXPECT_THROW(save(path_, {{"\xff", t}}), Error);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SafetensorsTest, BadHeadersAreRefusedWithAReason) {
  const auto has = [&](const std::string& header, size_t bytes, const std::string& text) {
    const std::string found = error(header, bytes);
    EXPECT_NE(found.find(text), std::string::npos) << header << "\n" << found;
  };
  const std::string one = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";
  EXPECT_EQ(error("{\"a\":{" + one + "}}  ", 4), "no error");
  has("{\"a\":{" + one + "}}", 5, "describes 4 bytes of data, the file has 5");
  has("{\"a\":{" + one + "}}", 3, "describes 4 bytes of data, the file has 3");
  has("{\"a\":{" + one + "},\"a\":{" + one + "}}", 4, "the name \"a\" twice");
  has("{\"a\":{\"dtype\":\"F32\"," + one + "}}", 4, "the name \"dtype\" twice");
  has("{\"a\":{" + one + "},\"b\":{" + one + "}}", 4, "begins at byte 0 of the data, expected 4");
  has(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "expected 0");
  has(R"({"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}})", 4, "type \"F4\"");
  has(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "does not fill its bytes");
  has(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "does not fill its bytes");
  has(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "-1 is not a size");
  has(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "1.0 is not a size");
  has(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
      "does not fill its bytes");
  has(R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})", 4,
      "is not a size");
  has(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4,
      "at most 12");
  has(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":0}})", 4, "should have dtype");
  has(R"({"a":3})", 0, "should have dtype");
  has(R"({"__metadata__":{"a":3}})", 0, "is no string");
  has(R"([])", 0, "no JSON object");
  has(R"({"a":)", 0, "no JSON");
  has("{\"a\":" + std::string(100000, '['), 0, "nested too deeply");
  has("", 0, "no JSON");
}

TEST_F(SafetensorsTest, AHeaderLongerThanTheFileIsRefused) {
  EXPECT_EQ(error_of("abc"), "is too short to be a safetensors file");
  EXPECT_NE(error_of(std::string(8, '\xff') + "{}").find("18446744073709551615 bytes"),
            std::string::npos);
}

TEST_F(SafetensorsTest, NoPrefixOfAFileIsAccepted) {
  save(path_, small_state(), {{"who", "me"}});
  const std::string content = read_file("test", path_);
  for (size_t n = 0; n < content.size(); ++n)
    EXPECT_NE(error_of(content.substr(0, n)), "no error") << n;
}

TEST_F(SafetensorsTest, AnAlteredFileNeverCrashes) {
  save(path_, small_state(), {{"who", "me"}});
  const std::string content = read_file("test", path_);
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::string altered = content;
    for (unsigned flips = 1 + random() % 3; flips > 0; --flips)
      altered[random() % altered.size()] = static_cast<char>(random());
    error_of(altered);
  }
}

int steps_until_end = 0;

TEST_F(SafetensorsTest, AKillWhileSavingLeavesTheOldOrTheNewFile) {
  const State old_state = {{"w", Tensor::from(std::vector<float>(1000, 1.0f))}};
  const State new_state = {{"w", Tensor::from(std::vector<float>(2000, 2.0f))}};
  bool finished = false;
  int survivors = 0;
  for (int step = 0; !finished; ++step) {
    ASSERT_LT(step, 20);
    save(path_, old_state);
    const pid_t child = fork();
    if (child == 0) {
      steps_until_end = step;
      detail::set_atomic_file_hook([](const char*) {
        if (steps_until_end-- == 0) kill(getpid(), SIGKILL);
      });
      save(path_, new_state);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    finished = WIFEXITED(status);
    const Tensor w = load_state(path_)[0].second;
    survivors += w.numel() == 1000;
    const float value = w.numel() == 1000 ? 1.0f : 2.0f;
    EXPECT_EQ(w.to_vector<float>(), std::vector<float>(static_cast<size_t>(w.numel()), value));
  }
  EXPECT_GE(survivors, 5);  // killed before or at: create, three writes, sync, rename
}

TEST_F(SafetensorsTest, AFullDiskLeavesTheOldFile) {
  save(path_, small_state());
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2000, 2000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      save(path_, {{"w", Tensor::from(std::vector<float>(1000, 1.0f))}});
    } catch (const IoError&) {
      _exit(0);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(load_state(path_).size(), 4u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

}  // namespace
}  // namespace rush
