// Texts to learn from, in an extract that comes with the library or whole:
//
//   const std::string plays = data::load_shakespeare();                       // 100 kB, shipped
//   const std::string all = data::load_shakespeare({.download = true});       // 1.1 MB
//   const std::vector<std::string> names = data::load_names();
#pragma once

#include <string>
#include <vector>

namespace rush::data {

struct TextOptions {
  std::string folder{};   // holds the whole file, in itself or in its folder `text`
  bool download = false;  // get it into `folder` (or the cache folder when not named)
};

// Shakespeare's plays, as many character models use them (public domain).
std::string load_shakespeare(const TextOptions& options = {});
// Given names in small letters: some hundreds shipped, 32,033 in the whole list.
std::vector<std::string> load_names(const TextOptions& options = {});

}  // namespace rush::data
