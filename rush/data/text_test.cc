#include "rush/data/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "rush/base/error.h"
#include "rush/data/folders.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;

TEST(Text, ExtractsComeWithTheLibrary) {
  const std::string plays = load_shakespeare();
  EXPECT_GT(plays.size(), 50000u);
  EXPECT_NE(plays.find("First Citizen:"), std::string::npos);
  const std::vector<std::string> names = load_names();
  EXPECT_GT(names.size(), 300u);
  for (const std::string& name : names)
    EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) { return 'a' <= c && c <= 'z'; }))
        << name;
}

TEST(Text, AFolderHoldsTheWholeFile) {
  std::string folder = (fs::temp_directory_path() / "rush_text_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_THROW(load_names({.folder = folder}), IoError);
  fs::create_directory(fs::path(folder) / "text");
  std::ofstream(fs::path(folder) / "text" / "names.txt") << "ada\n\nalan\n";
  EXPECT_EQ(load_names({.folder = folder}), (std::vector<std::string>{"ada", "alan"}));
  fs::remove_all(folder);
}

TEST(Text, WhatIsNotShippedIsNamed) {
  try {
    shipped_file("text/no_such.txt");
    FAIL();
  } catch (const IoError& e) {
    EXPECT_NE(std::string(e.what()).find("text/no_such.txt"), std::string::npos);
  }
}

}  // namespace
}  // namespace rush::data
