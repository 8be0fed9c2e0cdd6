#include "rush/data/folders.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "rush/base/error.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The folder of the file that this code is part of: a shared library or a program.
fs::path own_folder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&digits_folder), &info) == 0 || !info.dli_fname)
    return {};
  std::error_code error;
  fs::path file = fs::canonical("/proc/self/exe", error);
  const fs::path shared = fs::canonical(info.dli_fname, error);
  if (!error) file = shared;
  return file.parent_path();
}

bool has_digits(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "train-images-idx3-ubyte.gz", error) ||
         fs::exists(folder / "train-images-idx3-ubyte", error);
}

// Where `name` of share/ may lie: beside the program or library, and in the source tree.
std::vector<fs::path> usual_places(const std::string& name) {
  std::vector<fs::path> places;
  if (const fs::path own = own_folder(); !own.empty()) {
    places.push_back(own.parent_path() / "share" / "rush" / name);
    places.push_back(own.parent_path().parent_path() / "share" / "rush" / name);
  }
  places.push_back(fs::path(RUSH_SOURCE_DIR) / "share" / name);
  return places;
}

std::string list(const std::vector<fs::path>& places) {
  std::string text;
  for (const fs::path& place : places) text += (text.empty() ? "" : ", ") + place.string();
  return text;
}

}  // namespace

std::string digits_folder() {
  std::vector<fs::path> places = usual_places("digits");
  if (const std::string given = environment("RUSHLIGHT_DATA"); !given.empty())
    places.insert(places.begin(), {given, fs::path(given) / "digits"});
  for (const fs::path& place : places)
    if (has_digits(place)) return place.string();
  fail<IoError>("digits: the extract of MNIST that comes with Rushlight was not found in ",
                list(places), "; set RUSHLIGHT_DATA to the folder that holds it");
}

std::string shipped_file(const std::string& name) {
  std::vector<fs::path> places = usual_places(name);
  if (const std::string given = environment("RUSHLIGHT_DATA"); !given.empty())
    places.insert(places.begin(), fs::path(given) / name);
  std::error_code error;
  for (const fs::path& place : places)
    if (fs::is_regular_file(place, error)) return place.string();
  fail<IoError>("data: ", name, ", which comes with Rushlight, was not found: not in ",
                list(places), "; set RUSHLIGHT_DATA to the folder that holds it");
}

std::string cache_folder() {
  if (const std::string own = environment("RUSHLIGHT_CACHE"); !own.empty()) return own;
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return (fs::path(cache) / "rushlight").string();
  if (const std::string home = environment("HOME"); !home.empty())
    return (fs::path(home) / ".cache" / "rushlight").string();
  return (fs::temp_directory_path() / "rushlight").string();
}

}  // namespace rush::data
