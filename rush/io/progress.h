// A line that shows how far a long run is, and the terminal it is drawn on.
//
//   Progress progress;
//   progress.start("epoch 1/3", loader.size());
//   for (...) progress.update(++done, "loss " + fixed(loss, 3));
//   progress.erase();
#pragma once

#include <chrono>
#include <string>

#include "rush/io/terminal.h"

namespace rush::io {

bool is_terminal();  // standard output is one that can redraw a line
int terminal_width();
Ink terminal_ink();  // what pictures may be drawn with: colour, blocks or ASCII

std::string with_commas(int64_t n);    // "10,000"
std::string duration(double seconds);  // "0:07", "12:34", "1:02:03"
std::string fixed(double v, int digits);

// From `start` on: what is done, the rate and the time left. Redraws one line at most ten times a
// second on a terminal, and writes nothing elsewhere.
class Progress {
 public:
  explicit Progress(bool on = true, const std::string& unit = "images")
      : on_(on && is_terminal()), unit_(unit) {}
  void start(const std::string& label, int64_t total);
  void update(int64_t done, const std::string& text, bool force = false);
  void erase();  // so that a lasting line can take its place

 private:
  using Clock = std::chrono::steady_clock;
  bool on_;
  std::string unit_, label_;
  int64_t total_ = 0;
  Clock::time_point begin_{}, drawn_{};
};

}  // namespace rush::io
