// The rushlight command as a user runs it: what it prints, what it writes, its exit codes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "rush/base/file.h"
#include "rush/data/mnist.h"
#include "rush/io/png.h"
#include "rush/io/safetensors.h"

namespace rush {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  std::string text;  // both streams
};

class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(command())) GTEST_SKIP() << command() << " is not built";
    std::string name = (fs::temp_directory_path() / "rush_cli_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  // Beside this test program.
  static std::string command() {
    return (fs::canonical("/proc/self/exe").parent_path() / "rushlight").string();
  }
  Outcome run(const std::string& arguments) const {
    const std::string line = "cd " + folder_.string() + " && " + command() + " " + arguments;
    FILE* pipe = popen((line + " 2>&1").c_str(), "r");
    Outcome outcome{0, ""};
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.text.append(buffer, n);
    const int status = pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  // One short training: about a second.
  Outcome train(const std::string& more = "") const {
    return run("train digits --epochs 1 --limit 1500 --threads 2 " + more);
  }
  fs::path folder_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CliTest, HelpTeaches) {
  const Outcome help = run("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(has(help.text, "rushlight train digits")) << help.text;
  EXPECT_EQ(run("").text, help.text);
  EXPECT_TRUE(has(run("train --help").text, "--epochs"));
  EXPECT_TRUE(has(run("predict --help").text, "my_seven.png"));
  EXPECT_TRUE(has(run("--version").text, "rushlight "));
}

TEST_F(CliTest, WrongUsageIsCodeTwo) {
  EXPECT_EQ(run("trane").code, 2);
  EXPECT_EQ(run("train cats").code, 2);
  EXPECT_EQ(run("train --epochs 0").code, 2);
  EXPECT_EQ(run("train --epochs many").code, 2);
  EXPECT_EQ(run("predict").code, 2);
  EXPECT_EQ(run("predict x.safetensors").code, 2);
  EXPECT_EQ(run("predict x.safetensors y.png --sample 1").code, 2);
}

TEST_F(CliTest, ErrorsAreOneLineAndCodeOne) {
  for (const std::string arguments :
       {"predict none.safetensors --sample 1", "train --data /no/such/folder",
        "train --out /no/such/folder/x.safetensors", "train --out ."}) {
    const Outcome o = run(arguments);
    EXPECT_EQ(o.code, 1) << arguments;
    EXPECT_EQ(o.text.substr(0, 11), "rushlight: ") << o.text;
    EXPECT_EQ(std::count(o.text.begin(), o.text.end(), '\n'), 1) << o.text;
  }
}

TEST_F(CliTest, InfoNamesWhatThereIs) {
  const Outcome info = run("info");
  EXPECT_EQ(info.code, 0);
  for (const char* part : {"rushlight", "vectors", "threads", "Highway", "zlib", "memory"})
    EXPECT_TRUE(has(info.text, part)) << part << "\n" << info.text;
}

TEST_F(CliTest, TrainsSavesAndPredicts) {
  const Outcome trained = train();
  ASSERT_EQ(trained.code, 0) << trained.text;
  EXPECT_TRUE(has(trained.text, "epoch 1/1  loss "));
  EXPECT_FALSE(has(trained.text, "\r") || has(trained.text, "\x1b")) << "not on a terminal";
  EXPECT_TRUE(has(read_file("test", path("digits.svg")), "test accuracy"));
  const Metadata metadata = load_metadata(path("digits.safetensors"));
  EXPECT_GT(std::stod(metadata.at("test_accuracy")), 0.6);

  const Outcome sample = run("predict digits.safetensors --sample 7");
  EXPECT_EQ(sample.code, 0) << sample.text;
  EXPECT_TRUE(has(sample.text, "prediction: "));
  EXPECT_EQ(run("predict digits.safetensors --sample 2000").code, 1);

  // The same digit as a picture, as it is and as dark ink on large light paper.
  const data::MnistDataset test({.train = false});
  const std::string known = sample.text.substr(sample.text.find("prediction: "), 13);
  Tensor small = Tensor::empty({1, 28, 28}, uint8), large = Tensor::empty({1, 112, 140}, uint8);
  for (int i = 0; i < 784; ++i)
    small.data<uint8_t>()[i] = test.images().data<uint8_t>()[7 * 784 + i];
  for (int y = 0; y < 112; ++y)
    for (int x = 0; x < 140; ++x)
      large.data<uint8_t>()[y * 140 + x] =
          x < 112 ? 255 - small.data<uint8_t>()[y / 4 * 28 + x / 4] : 255;
  io::save_png(path("small.png"), small);
  io::save_png(path("large.png"), large);
  EXPECT_TRUE(has(run("predict digits.safetensors small.png").text, known));
  EXPECT_TRUE(has(run("predict digits.safetensors large.png").text, known));

  for (const Shape& size : {Shape{1, 28, 28}, Shape{3, 40, 30}, Shape{1, 1, 1}}) {
    const Tensor blank = Tensor::empty(size, uint8);
    std::fill_n(blank.data<uint8_t>(), blank.numel(), uint8_t{0});
    io::save_png(path("blank.png"), blank);
    const Outcome o = run("predict digits.safetensors blank.png");
    EXPECT_EQ(o.code, 1);
    EXPECT_TRUE(has(o.text, "shows no digit")) << o.text;
  }
}

TEST_F(CliTest, PredictRefusesOtherFiles) {
  save(path("other.safetensors"), {{"a", Tensor::scalar(1, float32)}});
  const Outcome other = run("predict other.safetensors --sample 1");
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(has(other.text, "no architecture in its metadata")) << other.text;
  write_file("test", path("torn.safetensors"), "torn");
  EXPECT_EQ(run("predict torn.safetensors --sample 1").code, 1);
}

TEST_F(CliTest, DeterministicTrainingGivesTheSameBitsWithAnyThreads) {
  const std::string options = "train --deterministic --epochs 1 --limit 600 --quiet --seed 3";
  const Outcome one = run(options + " --threads 1 --out one.safetensors");
  ASSERT_EQ(one.code, 0) << one.text;
  ASSERT_EQ(run(options + " --threads 2 --out two.safetensors").code, 0);
  EXPECT_TRUE(read_file("test", path("one.safetensors")) ==
              read_file("test", path("two.safetensors")));
  EXPECT_EQ(std::count(one.text.begin(), one.text.end(), '\n'), 1) << "quiet: one line";
}

TEST_F(CliTest, ProfilesSomeSteps) {
  const auto r = run("train digits --epochs 1 --limit 600 --quiet --profile trace.json");
  EXPECT_EQ(r.code, 0) << r.text;
  for (const char* part : {"d(conv): conv_dw", "conv1", "(AdamW)", "saved trace.json"})
    EXPECT_TRUE(has(r.text, part)) << part << "\n" << r.text;
  // The table shows only the longest; what is short on a slow build stands in the trace.
  const std::string text = read_file("test", path("trace.json"));
  EXPECT_GT(nlohmann::json::parse(text)["traceEvents"].size(), 200u);
  EXPECT_TRUE(has(text, "\"name\":\"data\""));
}

TEST_F(CliTest, AnInterruptSavesWhatWasLearnt) {
  int out[2];
  ASSERT_EQ(pipe(out), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    (void)!chdir(folder_.c_str());
    execl(command().c_str(), "rushlight", "train", "--epochs", "10000", "--limit", "200", nullptr);
    _exit(99);
  }
  close(out[1]);
  std::string text;
  char c;
  while (!has(text, "epoch 1/") && read(out[0], &c, 1) == 1) text += c;
  kill(child, SIGINT);
  while (read(out[0], &c, 1) == 1) text += c;
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_FALSE(load_state(path("digits.safetensors")).empty());
}

}  // namespace
}  // namespace rush
