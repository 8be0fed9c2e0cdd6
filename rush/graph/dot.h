// What the two printers for Graphviz share.
#pragma once

#include <string>

namespace rush::graph {

inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace rush::graph
