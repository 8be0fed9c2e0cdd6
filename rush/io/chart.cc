#include "rush/io/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "rush/base/error.h"

namespace rush::io {
namespace {

constexpr double kLeft = 64, kRight = 64, kRightBare = 24, kTop = 66, kBottom = 54;
constexpr int kXTicks = 8, kYTicks = 6;
// Okabe and Ito's colours: told apart by colour-blind readers, legible on white and on black.
constexpr std::array<const char*, 5> kColours = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                 "#d55e00"};

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", v);
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
    const double bottom = chart.height - kBottom;
    x_ = make_axis(x, kXTicks, kLeft, chart.width - (has_right_ ? kRight : kRightBare));
    left_ = make_axis(left, kYTicks, bottom, kTop);
    right_ = make_axis(right, kYTicks, bottom, kTop);
  }

  std::string svg() {
    open();
    grid();
    labels();
    for (size_t i = 0; i < chart_.series.size(); ++i)
      line(chart_.series[i], kColours[i % kColours.size()]);
    legend();
    return out_ + "</svg>\n";
  }

 private:
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
  void legend() {
    constexpr double kY = 46, kSwatch = 22, kCharacter = 6.6, kGap = 22;
    double x = kLeft;
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      out_ += "<line x1=\"" + number(x) + "\" y1=\"" + number(kY - 4) + "\" x2=\"" +
              number(x + kSwatch) + "\" y2=\"" + number(kY - 4) + "\" stroke=\"" +
              kColours[i % kColours.size()] + "\" stroke-width=\"3\"/>\n";
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

std::string to_svg(const Chart& chart) { return Drawing(chart).svg(); }

}  // namespace rush::io
