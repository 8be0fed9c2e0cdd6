#include "rush/base/error.h"

#include <cstdio>

namespace rush {

Part::Part(double v) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", v);
  text_ = buffer;
}

std::string concat(std::initializer_list<Part> parts) {
  std::string text;
  for (const Part& part : parts) text += part.text();
  return text;
}

}  // namespace rush
