#include "rush/base/file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rush/base/error.h"

namespace rush {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rush_file_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    detail::set_atomic_file_hook(nullptr);
    fs::remove_all(folder_);
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  int files() const { return static_cast<int>(std::distance(fs::directory_iterator(folder_), {})); }
  fs::path folder_;
};

int steps_until_end = 0;

TEST_F(FileTest, WritesAndReadsBack) {
  const std::string content("a\0b\n", 4);
  write_file("save", path("x"), content);
  EXPECT_EQ(read_file("load", path("x")), content);
  write_file("save", path("x"), "");
  EXPECT_EQ(read_file("load", path("x")), "");
  EXPECT_EQ(files(), 1);
}

TEST_F(FileTest, ErrorsNameOperationPathAndReason) {
  try {
    read_file("load", path("none"));
    FAIL();
  } catch (const IoError& e) {
    EXPECT_EQ(std::string(e.what()),
              "load: " + path("none") + ": cannot open: No such file or directory");
  }
  EXPECT_THROW(read_file("load", folder_.string()), IoError);
  EXPECT_THROW(write_file("save", path("no/such/folder"), "x"), IoError);
  EXPECT_THROW(write_file("save", folder_.string(), "x"), IoError);
  EXPECT_THROW(write_file("save", "/dev/null", "x"), IoError);
  write_file("save", path("long"), "12345");
  EXPECT_THROW(read_file("load", path("long"), 4), IoError);
  char two[2];
  EXPECT_THROW(InputFile("load", path("long")).read(4, two, 2), IoError);
}

TEST_F(FileTest, KeepsLinksAndPermissions) {
  write_file("save", path("x"), "old");
  fs::permissions(path("x"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("x", path("link"));
  write_file("save", path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read_file("load", path("x")), "new");
  EXPECT_EQ(fs::status(path("x")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(FileTest, AnErrorAtAnyStepLeavesTheOldFile) {
  write_file("save", path("x"), "old");
  for (int step = 0; step < 4; ++step) {
    steps_until_end = step;
    detail::set_atomic_file_hook([](const char*) {
      if (steps_until_end-- == 0) throw IoError("injected");
    });
    EXPECT_THROW(write_file("save", path("x"), "new"), IoError) << step;
    detail::set_atomic_file_hook(nullptr);
    EXPECT_EQ(read_file("load", path("x")), "old") << step;
    EXPECT_EQ(files(), 1) << "the temporary file stays after step " << step;
  }
}

TEST_F(FileTest, AKillAtAnyStepLeavesOneOfTheTwoContents) {
  bool saw_old = false, saw_new = false, finished = false;
  for (int step = 0; !finished; ++step) {
    ASSERT_LT(step, 10);
    write_file("save", path("x"), "old");
    const pid_t child = fork();
    if (child == 0) {
      steps_until_end = step;
      detail::set_atomic_file_hook([](const char*) {
        if (steps_until_end-- == 0) kill(getpid(), SIGKILL);
      });
      write_file("save", path("x"), "new");
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    finished = WIFEXITED(status);
    const std::string content = read_file("load", path("x"));
    saw_old |= content == "old";
    saw_new |= content == "new" && !finished;
    EXPECT_TRUE(content == "old" || content == "new") << content;
  }
  EXPECT_TRUE(saw_old);
  EXPECT_TRUE(saw_new) << "a kill after the rename shows the new file";
}

TEST_F(FileTest, AFullDiskLeavesTheOldFile) {
  write_file("save", path("x"), "old");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file("save", path("x"), std::string(5000, 'n'));
    } catch (const IoError& e) {
      _exit(std::string(e.what()).find("cannot write: File too large") == std::string::npos);
    }
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_file("load", path("x")), "old");
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace rush
