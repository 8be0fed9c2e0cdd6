#include "rush/io/terminal.h"

#include <algorithm>
#include <cmath>

namespace rush::io {
namespace {

float pixel(const GreyPicture& p, int y, int x) {
  return y < p.height ? p.values[static_cast<size_t>(y * p.width + x)] : 0.0f;
}

// xterm's greys: 232 (nearly black) to 255 (nearly white).
std::string grey_code(float value) {
  const float clamped = std::clamp(value, 0.0f, 1.0f);
  return std::to_string(232 + static_cast<int>(std::lround(clamped * 23)));
}

// The upper half of each character is its text colour, the lower half its background.
std::string colour_line(const GreyPicture& p, int y) {
  std::string line;
  for (int x = 0; x < p.width; ++x)
    line +=
        "\x1b[38;5;" + grey_code(pixel(p, y, x)) + ";48;5;" + grey_code(pixel(p, y + 1, x)) + "m▀";
  return line + "\x1b[0m";
}

std::string block_line(const GreyPicture& p, int y) {
  constexpr float kInk = 0.4f;
  constexpr const char* kHalves[] = {" ", "▄", "▀", "█"};
  std::string line;
  for (int x = 0; x < p.width; ++x)
    line += kHalves[(pixel(p, y, x) > kInk ? 2 : 0) + (pixel(p, y + 1, x) > kInk ? 1 : 0)];
  return line;
}

std::string ascii_line(const GreyPicture& p, int y) {
  constexpr std::string_view kShades = " .:-=+*#%@";
  std::string line;
  for (int x = 0; x < p.width; ++x) {
    const float mean = std::clamp((pixel(p, y, x) + pixel(p, y + 1, x)) / 2, 0.0f, 1.0f);
    line += kShades[static_cast<size_t>(std::lround(mean * (kShades.size() - 1)))];
  }
  return line;
}

}  // namespace

std::vector<std::string> draw_picture(const GreyPicture& picture, Ink ink) {
  std::vector<std::string> lines;
  for (int y = 0; y < picture.height; y += 2)
    lines.push_back(ink == Ink::kColour   ? colour_line(picture, y)
                    : ink == Ink::kBlocks ? block_line(picture, y)
                                          : ascii_line(picture, y));
  return lines;
}

std::string draw_row(const std::vector<GreyPicture>& pictures,
                     const std::vector<std::string>& captions, Ink ink) {
  const std::string gap = "  ";
  std::vector<std::vector<std::string>> drawn;
  size_t lines = 0;
  for (const GreyPicture& picture : pictures) {
    drawn.push_back(draw_picture(picture, ink));
    lines = std::max(lines, drawn.back().size());
  }
  std::string out;
  for (size_t line = 0; line < lines; ++line) {
    for (size_t i = 0; i < pictures.size(); ++i)
      out +=
          gap + (line < drawn[i].size() ? drawn[i][line]
                                        : std::string(static_cast<size_t>(pictures[i].width), ' '));
    out += '\n';
  }
  for (size_t i = 0; i < pictures.size() && i < captions.size(); ++i) {
    std::string caption = captions[i];
    caption.resize(static_cast<size_t>(pictures[i].width), ' ');
    out += gap + caption;
  }
  return out + '\n';
}

std::string draw_bar(double part, int width, Ink ink) {
  const double clamped = part > 0 ? std::min(part, 1.0) : 0.0;  // NaN draws nothing
  const int eighths = static_cast<int>(std::lround(clamped * width * 8));
  std::string bar;
  int cells = 0;
  for (; cells < eighths / 8; ++cells) bar += ink == Ink::kAscii ? "#" : "█";
  constexpr const char* kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (ink != Ink::kAscii && eighths % 8 != 0) {
    bar += kParts[eighths % 8];
    ++cells;
  }
  return bar + std::string(static_cast<size_t>(width - cells), ' ');
}

}  // namespace rush::io
