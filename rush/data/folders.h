// Where the data that comes with the library lies.
#pragma once

#include <string>

namespace rush::data {

// The folder of the shipped extract of MNIST: looked for in $RUSHLIGHT_DATA (itself, or its folder
// `digits`), in share/rush/digits beside the folder of this library or program, and in the source
// tree. IoError naming these places when it is in none of them.
std::string digits_folder();

// The path of another file that comes with the library, by its name in share/: "text/names.txt".
// Looked for as the digits are.
std::string shipped_file(const std::string& name);

// Where downloads go: $RUSHLIGHT_CACHE, else $XDG_CACHE_HOME/rushlight, else ~/.cache/rushlight.
std::string cache_folder();

}  // namespace rush::data
