#include "rush/io/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include "rush/base/error.h"

namespace rush::io {
namespace {

constexpr double kLeft = 64, kRight = 64, kRightBare = 24, kTop = 66, kBottom = 54;
constexpr int kXTicks = 8, kYTicks = 6;
// Okabe and Ito's colours, told apart by colour-blind readers, then some more; legible on white and
// on black.
constexpr std::array<const char*, 10> kColours = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                  "#d55e00", "#56b4e9", "#b5a900", "#7f7f7f",
                                                  "#8c564b", "#7a5ccc"};
const char* colour_of(size_t series) { return kColours[series % kColours.size()]; }

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", v);
  return text;
}

// Shorter, where thousands of points are written.
std::string brief(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// Maps values to pixels, from the first to the last tick.
struct Axis {
  std::vector<double> at;
  double from_pixel = 0, to_pixel = 0;
  double pixel(double v) const {
    return from_pixel + (v - at.front()) / (at.back() - at.front()) * (to_pixel - from_pixel);
  }
  double step() const { return at[1] - at[0]; }
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

Axis make_axis(const Range& range, int count, double from_pixel, double to_pixel) {
  const bool is_empty = range.low > range.high;
  return {detail::ticks(is_empty ? 0 : range.low, is_empty ? 1 : range.high, count), from_pixel,
          to_pixel};
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    Range x, left, right;
    for (const Series& s : chart.series) {
      if (s.x.size() != s.y.size())
        fail<ShapeError>("chart: ", s.name, " has ", s.x.size(), " x and ", s.y.size(), " y");
      for (double v : s.x) x.add(v);
      for (double v : s.y) (s.on_right ? right : left).add(v);
      has_right_ |= s.on_right;
    }
    if (chart.regions.columns > 0) include_regions(chart.regions, x, left);
    const double bottom = chart.height - kBottom;
    x_ = make_axis(x, kXTicks, kLeft, chart.width - (has_right_ ? kRight : kRightBare));
    left_ = make_axis(left, kYTicks, bottom, kTop);
    right_ = make_axis(right, kYTicks, bottom, kTop);
  }

  std::string svg() {
    open();
    if (chart_.regions.columns > 0) regions();
    grid();
    labels();
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      if (chart_.series[i].has_line)
        line(chart_.series[i], colour_of(i));
      else
        dots(chart_.series[i], colour_of(i));
    }
    legend();
    return out_ + "</svg>\n";
  }

 private:
  static void include_regions(const Regions& r, Range& x, Range& y) {
    if (r.classes.size() % static_cast<size_t>(r.columns) != 0 || r.classes.empty())
      fail<ShapeError>("chart: regions have ", r.classes.size(), " classes in rows of ", r.columns);
    for (double v : {r.x_from, r.x_to}) x.add(v);
    for (double v : {r.y_from, r.y_to}) y.add(v);
  }
  void open() {
    const std::string w = std::to_string(chart_.width), h = std::to_string(chart_.height);
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
           "\" viewBox=\"0 0 " + w + " " + h + "\" role=\"img\" font-family=\"system-ui, " +
           "sans-serif\" font-size=\"12\">\n<title>" + escaped(chart_.title) + "</title>\n" +
           "<style>\n.page { fill: #ffffff } .ink { fill: #24292f } .rule { stroke: #d0d7de }\n"
           "@media (prefers-color-scheme: dark) {\n"
           "  .page { fill: #0d1117 } .ink { fill: #e6edf3 } .rule { stroke: #30363d }\n}\n"
           "</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
  }
  void text(double x, double y, const char* anchor, const std::string& content,
            const std::string& more = "") {
    out_ += "<text class=\"ink\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" +
            anchor + "\"" + more + ">" + escaped(content) + "</text>\n";
  }
  void rule(double x1, double y1, double x2, double y2) {
    out_ += "<line class=\"rule\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" +
            number(x2) + "\" y2=\"" + number(y2) + "\"/>\n";
  }
  void grid() {
    const double bottom = left_.from_pixel;
    for (double v : left_.at) {
      rule(x_.from_pixel, left_.pixel(v), x_.to_pixel, left_.pixel(v));
      text(x_.from_pixel - 8, left_.pixel(v) + 4, "end", detail::tick_text(v, left_.step()));
    }
    for (double v : x_.at) {
      rule(x_.pixel(v), bottom, x_.pixel(v), bottom + 5);
      text(x_.pixel(v), bottom + 19, "middle", detail::tick_text(v, x_.step()));
    }
    if (!has_right_) return;
    for (double v : right_.at) {
      rule(x_.to_pixel, right_.pixel(v), x_.to_pixel + 5, right_.pixel(v));
      text(x_.to_pixel + 9, right_.pixel(v) + 4, "start", detail::tick_text(v, right_.step()));
    }
  }
  void upright(double x, const std::string& content) {
    const double y = (left_.from_pixel + left_.to_pixel) / 2;
    text(x, y, "middle", content, " transform=\"rotate(-90 " + number(x) + " " + number(y) + ")\"");
  }
  void labels() {
    text(kLeft, 24, "start", chart_.title, " font-size=\"16\" font-weight=\"600\"");
    text((x_.from_pixel + x_.to_pixel) / 2, chart_.height - 14, "middle", chart_.x_label);
    upright(18, chart_.left_label);
    if (has_right_) upright(chart_.width - 10, chart_.right_label);
  }
  // One polyline for each run of finite points.
  void line(const Series& s, const std::string& colour) {
    const Axis& y = s.on_right ? right_ : left_;
    std::string points, dots;
    const auto finish = [&] {
      if (!points.empty())
        out_ += "<polyline fill=\"none\" stroke=\"" + colour +
                "\" stroke-width=\"2\" stroke-linejoin=\"round\" points=\"" + points + "\"/>\n";
      points.clear();
    };
    for (size_t i = 0; i < s.x.size(); ++i) {
      if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) {
        finish();
        continue;
      }
      const std::string px = number(x_.pixel(s.x[i])), py = number(y.pixel(s.y[i]));
      points += (points.empty() ? "" : " ") + px + "," + py;
      if (s.has_points)
        dots += "<circle cx=\"" + px + "\" cy=\"" + py + "\" r=\"3\" fill=\"" + colour + "\"/>\n";
    }
    finish();
    out_ += dots;
  }
  // A path for each class, of one rectangle for every run of it in a row.
  void regions() {
    const Regions& r = chart_.regions;
    const size_t columns = static_cast<size_t>(r.columns), rows = r.classes.size() / columns;
    const auto across = [](double from, double to, size_t i, size_t n) {
      return from + (to - from) * static_cast<double>(i) / static_cast<double>(n);
    };
    std::map<int, std::string> paths;
    for (size_t row = 0; row < rows; ++row) {
      const int* classes = r.classes.data() + row * columns;
      const double top = left_.pixel(across(r.y_from, r.y_to, row + 1, rows));
      const double height = left_.pixel(across(r.y_from, r.y_to, row, rows)) - top;
      for (size_t from = 0, to = 0; from < columns; from = to) {
        while (to < columns && classes[to] == classes[from]) ++to;
        const double x = x_.pixel(across(r.x_from, r.x_to, from, columns));
        const double w = x_.pixel(across(r.x_from, r.x_to, to, columns)) - x;
        paths[classes[from]] += "M" + brief(x) + " " + brief(top) + "h" + brief(w) + "v" +
                                brief(height) + "h" + brief(-w) + "z";
      }
    }
    for (const auto& [c, path] : paths)
      out_ += "<path fill=\"" + std::string(colour_of(static_cast<size_t>(c))) +
              "\" fill-opacity=\"0.3\" d=\"" + path + "\"/>\n";
  }
  // Round caps on lines of no length to speak of.
  void dots(const Series& s, const std::string& colour) {
    const Axis& y = s.on_right ? right_ : left_;
    std::string path;
    for (size_t i = 0; i < s.x.size(); ++i)
      if (std::isfinite(s.x[i]) && std::isfinite(s.y[i]))
        path += "M" + brief(x_.pixel(s.x[i])) + " " + brief(y.pixel(s.y[i])) + "h.01";
    out_ += "<path fill=\"none\" stroke=\"" + colour +
            "\" stroke-width=\"4.5\" stroke-linecap=\"round\" stroke-opacity=\"0.75\" d=\"" + path +
            "\"/>\n";
  }
  void legend() {
    constexpr double kY = 46, kSwatch = 22, kCharacter = 6.6, kGap = 22;
    double x = kLeft;
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      out_ += "<line x1=\"" + number(x) + "\" y1=\"" + number(kY - 4) + "\" x2=\"" +
              number(x + kSwatch) + "\" y2=\"" + number(kY - 4) + "\" stroke=\"" + colour_of(i) +
              "\" stroke-width=\"3\"/>\n";
      text(x + kSwatch + 6, kY, "start", chart_.series[i].name);
      x += kSwatch + 6 + kCharacter * static_cast<double>(chart_.series[i].name.size()) + kGap;
    }
  }

  const Chart& chart_;
  bool has_right_ = false;
  Axis x_, left_, right_;
  std::string out_;
};

}  // namespace

std::vector<double> detail::ticks(double from, double to, int count) {
  if (to - from < 1e-12 * std::max(1.0, std::abs(to))) {
    from -= 0.5;
    to += 0.5;
  }
  const double rough = (to - from) / count, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.5, 2.0, 1.0})
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  const double first = std::floor(from / step + 1e-9), last = std::ceil(to / step - 1e-9);
  std::vector<double> at;
  for (double i = first; i <= last; ++i) at.push_back(i * step);
  return at;
}

std::string detail::tick_text(double value, double step) {
  int digits = 0;  // as many as the step has
  for (double s = step; digits < 9 && std::abs(s - std::round(s)) > 1e-6 * s; s *= 10) ++digits;
  char text[64];
  const double shown = std::abs(value) < step * 1e-6 ? 0.0 : value;
  std::snprintf(text, sizeof text, std::abs(value) < 1e9 ? "%.*f" : "%.*g", digits, shown);
  return text;
}

Series histogram(const std::string& name, const std::vector<double>& values, int bins) {
  if (bins < 1) fail<ShapeError>("histogram: ", bins, " bins; at least one is needed");
  Range range;
  for (double v : values) range.add(v);
  Series s{name, {}, {}};
  if (range.low > range.high) return s;
  const double width = range.high > range.low ? (range.high - range.low) / bins : 1;
  std::vector<double> counts(static_cast<size_t>(bins));
  for (double v : values)
    if (std::isfinite(v))
      counts[static_cast<size_t>(std::min((v - range.low) / width, bins - 1.0))] += 1;
  const auto add = [&](double x, double y) {
    s.x.push_back(x);
    s.y.push_back(y);
  };
  add(range.low, 0);
  for (int i = 0; i < bins; ++i) {
    add(range.low + i * width, counts[static_cast<size_t>(i)]);
    add(range.low + (i + 1) * width, counts[static_cast<size_t>(i)]);
  }
  add(range.low + bins * width, 0);
  return s;
}

std::string to_svg(const Chart& chart) { return Drawing(chart).svg(); }

}  // namespace rush::io
