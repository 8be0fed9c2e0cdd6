#include "rush/io/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rush::io {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool has_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::string per_second(double rate, const std::string& unit) {
  constexpr double kSlow = 10;
  return (rate < kSlow ? fixed(rate, 1) : with_commas(static_cast<int64_t>(rate))) + " " + unit +
         "/s";
}

}  // namespace

bool is_terminal() { return isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb"; }

int terminal_width() {
  constexpr int kUsual = 80;
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

Ink terminal_ink() {
  if (!has_utf8()) return Ink::kAscii;
  const bool colour = is_terminal() && environment("NO_COLOR").empty();
  return colour ? Ink::kColour : Ink::kBlocks;
}

std::string with_commas(int64_t n) {
  std::string text = std::to_string(n);
  for (int at = static_cast<int>(text.size()) - 3; at > (n < 0 ? 1 : 0); at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::string duration(double seconds) {
  const auto total = static_cast<long long>(std::clamp(seconds, 0.0, 1e9) + 0.5);
  char text[64];
  if (total >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60,
                  total % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  return text;
}

std::string fixed(double v, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, v);
  return text;
}

void Progress::start(const std::string& label, int64_t total) {
  label_ = label;
  total_ = total;
  begin_ = Clock::now();
  drawn_ = {};
}

void Progress::update(int64_t done, const std::string& text, bool force) {
  constexpr std::chrono::milliseconds kBetween{100};
  const auto now = Clock::now();
  if (!on_ || (!force && now - drawn_ < kBetween)) return;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const double left = rate > 0 ? static_cast<double>(total_ - done) / rate : 0;
  const double part = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 0;
  const std::string numbers = fixed(100 * part, 0) + "%  " + text + "  " + per_second(rate, unit_) +
                              "  " + duration(left) + " left";
  const int room = terminal_width() - 5 - static_cast<int>(label_.size() + numbers.size());
  std::string line = label_ + "  ";
  if (room >= 6) line += draw_bar(part, std::min(room, 30), terminal_ink()) + " ";
  std::printf("\r%s%s\x1b[K", line.c_str(), numbers.c_str());
  std::fflush(stdout);
}

void Progress::erase() {
  if (on_) std::printf("\r\x1b[K");
}

}  // namespace rush::io
