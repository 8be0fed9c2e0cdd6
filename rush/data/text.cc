#include "rush/data/text.h"

#include <filesystem>
#include <sstream>

#include "rush/base/error.h"
#include "rush/base/file.h"
#include "rush/data/download.h"
#include "rush/data/folders.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;

struct Text {
  Download whole;
  const char* shipped;  // in share/
};

const Text& shakespeare() {
  static const Text text{
      {.name = "tinyshakespeare.txt",
       .urls = {"https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"
                "input.txt"},
       .sha256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
       .bytes = 1115394},
      "text/shakespeare.txt"};
  return text;
}
const Text& names() {
  static const Text text{
      {.name = "names.txt",
       .urls = {"https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"},
       .sha256 = "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
       .bytes = 228145},
      "text/names.txt"};
  return text;
}

std::string find(const Text& text, const std::string& folder) {
  std::error_code error;
  for (const char* inner : {"", "text"}) {
    const fs::path path = fs::path(folder) / inner / text.whole.name;
    if (fs::is_regular_file(path, error)) return path.string();
  }
  return {};
}

std::string path_of(const Text& text, const TextOptions& options) {
  if (!options.download && options.folder.empty()) return shipped_file(text.shipped);
  const std::string folder = options.folder.empty() ? cache_folder() + "/text" : options.folder;
  if (const std::string path = find(text, folder); !path.empty()) return path;
  if (!options.download)
    fail<IoError>("text: ", folder, ": has no ", text.whole.name,
                  ", in itself or in its folder text; put it there or ask for a download");
  download(folder, {text.whole});
  return find(text, folder);
}

}  // namespace

std::string load_shakespeare(const TextOptions& options) {
  return read_file("text", path_of(shakespeare(), options));
}

std::vector<std::string> load_names(const TextOptions& options) {
  std::istringstream lines(read_file("text", path_of(names(), options)));
  std::vector<std::string> list;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) list.push_back(line);
  return list;
}

}  // namespace rush::data
