// Pictures for a terminal: grey images drawn with half blocks (two pixels a character), and bars.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rush::io {

// A grey picture, values 0 (background) to 1 (ink), row by row.
struct GreyPicture {
  int height = 0, width = 0;
  std::vector<float> values{};
};

enum class Ink {
  kColour,  // 24 levels of grey by ANSI colours
  kBlocks,  // half blocks without colour: ink or no ink
  kAscii,   // shades of ASCII characters, one row of pixels a line left out
};

// Lines of equal width for one picture.
std::vector<std::string> draw_picture(const GreyPicture& picture, Ink ink);

// Pictures side by side with a caption under each (cut at the picture's width).
std::string draw_row(const std::vector<GreyPicture>& pictures,
                     const std::vector<std::string>& captions, Ink ink);

// A bar for a part of 0 to 1, `width` characters wide, in eighths of a character where `ink`
// allows.
std::string draw_bar(double part, int width, Ink ink);

}  // namespace rush::io
