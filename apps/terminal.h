// What the command knows about the terminal it writes to, and the progress line.
#pragma once

#include <chrono>
#include <string>

#include "rush/io/terminal.h"

namespace rush::app {

bool is_terminal();  // standard output is one that can redraw a line
int terminal_width();
io::Ink terminal_ink();  // what pictures may be drawn with: colour, blocks or ASCII

std::string with_commas(int64_t n);    // "10,000"
std::string duration(double seconds);  // "0:07", "12:34", "1:02:03"
std::string fixed(double v, int digits);

// From `start` on: what is done, the rate and the time left. Redraws one line at most ten times a
// second on a terminal, and writes nothing elsewhere.
class Progress {
 public:
  explicit Progress(bool on) : on_(on && is_terminal()) {}
  void start(const std::string& label, int64_t total);
  void update(int64_t done, const std::string& text, bool force = false);
  void erase();  // so that a lasting line can take its place

 private:
  using Clock = std::chrono::steady_clock;
  bool on_;
  std::string label_;
  int64_t total_ = 0;
  Clock::time_point begin_{}, drawn_{};
};

// Ctrl-C: the first one asks for an end, the second ends the process.
void watch_interrupts();
bool is_interrupted();

}  // namespace rush::app
