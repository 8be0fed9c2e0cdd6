// Downloads: from the first mirror that answers, checked by SHA-256, resumed where an earlier try
// stopped (NAME.part), and renamed into place only when whole and right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rush::data {

struct Download {
  std::string name{};               // the file it becomes
  std::vector<std::string> urls{};  // mirrors, tried in order
  std::string sha256{};             // lower-case hex; empty: not checked
  uint64_t bytes = 0;               // the most that is accepted; 0: no limit
};

// Gets all files into `folder`, making it where it is missing. IoError when one cannot be had: it
// names what each mirror said, and the folder and files to place by hand.
void download(const std::string& folder, const std::vector<Download>& files);

}  // namespace rush::data
