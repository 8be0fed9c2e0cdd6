// Line charts as SVG: learning curves with axes, ticks and a legend. One file without scripts or
// outside references, readable on light and dark pages.
#pragma once

#include <string>
#include <vector>

namespace rush::io {

struct Series {
  std::string name;
  std::vector<double> x, y;  // of equal length; points that are not finite break the line
  bool on_right = false;     // belongs to the right axis
  bool has_points = false;   // a dot at every point
};

struct Chart {
  std::string title{}, x_label{}, left_label{}, right_label{};
  std::vector<Series> series{};
  int width = 720, height = 420;
};

std::string to_svg(const Chart& chart);  // ShapeError when a series' x and y differ in length

namespace detail {
// About `count` round numbers that cover [from, to].
std::vector<double> ticks(double from, double to, int count);
std::string tick_text(double value, double step);
}  // namespace detail

}  // namespace rush::io
