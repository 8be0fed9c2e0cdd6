// Charts as SVG: learning curves, scatter plots, decision regions and histograms, with axes, ticks
// and a legend. One file without scripts or outside references, readable on light and dark pages.
#pragma once

#include <string>
#include <vector>

namespace rush::io {

struct Series {
  std::string name;
  std::vector<double> x, y;  // of equal length; points that are not finite break the line
  bool on_right = false;     // belongs to the right axis
  bool has_points = false;   // a dot at every point
  bool has_line = true;      // false: dots alone, a scatter plot
};
// How often values fall into each of `bins` intervals of equal width, as an outline in steps.
// Values that are not finite are left out.
Series histogram(const std::string& name, const std::vector<double>& values, int bins = 40);

// A grid of classes behind the series, each in the pale colour of the series of that number: what a
// classifier says all over the plane. Rows go from y_from to y_to, each from x_from to x_to.
struct Regions {
  double x_from = 0, x_to = 0, y_from = 0, y_to = 0;
  int columns = 0;
  std::vector<int> classes{};  // row by row; a whole number of rows
};

struct Chart {
  std::string title{}, x_label{}, left_label{}, right_label{};
  std::vector<Series> series{};
  Regions regions{};
  int width = 720, height = 420;
};

// ShapeError when a series' x and y differ in length, or regions are not a grid of classes.
std::string to_svg(const Chart& chart);

namespace detail {
// About `count` round numbers that cover [from, to].
std::vector<double> ticks(double from, double to, int count);
std::string tick_text(double value, double step);
}  // namespace detail

}  // namespace rush::io
