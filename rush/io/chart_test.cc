#include "rush/io/chart.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/base/error.h"
#include "rush/io/terminal.h"

namespace rush::io {
namespace {

TEST(Chart, TicksAreRoundAndCoverTheRange) {
  EXPECT_EQ(detail::ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  const auto t = detail::ticks(0.913, 0.994, 6);
  EXPECT_LE(t.front(), 0.913);
  EXPECT_GE(t.back(), 0.994);
  EXPECT_LE(t.size(), 9u);
  EXPECT_EQ(detail::ticks(3, 3, 4).size() > 1, true);
  EXPECT_EQ(detail::tick_text(0.25, 0.25), "0.25");
  EXPECT_EQ(detail::tick_text(20, 5), "20");
  EXPECT_EQ(detail::tick_text(-1e-17, 0.1), "0.0");
}

TEST(Chart, ShowsEverySeriesAndEscapesText) {
  const std::string svg =
      to_svg({.title = "a < b & c",
              .series = {{"loss", {0, 1, 2}, {3, NAN, 1}},
                         {"accuracy", {0, 1, 2}, {0.5, 0.6, 0.7}, true, true}}});
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(svg.find(">accuracy</text>"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  size_t lines = 0;
  for (size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 3u);  // the NaN breaks the first series into two
}

TEST(Chart, AnEmptyChartIsStillOne) {
  EXPECT_NE(to_svg({}).find("</svg>"), std::string::npos);
  EXPECT_THROW(to_svg({.series = {{"x", {0, 1}, {0}}}}), ShapeError);
}

TEST(Chart, RegionsAreRunsInTheColoursOfTheSeries) {
  const Chart chart{.series = {{.name = "a", .x = {0, 1}, .y = {0, 1}, .has_line = false},
                               {.name = "b", .x = {1}, .y = {NAN}, .has_line = false}},
                    .regions = {0, 1, 0, 1, 2, {0, 0, 0, 1}}};
  const std::string svg = to_svg(chart);
  const auto count = [&](const std::string& what) {
    size_t n = 0;
    for (size_t at = 0; (at = svg.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(count("fill-opacity"), 2u);  // a path for each class ...
  EXPECT_EQ(count("zM"), 1u);            // ... the first of two runs
  EXPECT_EQ(count("h.01"), 2u);          // the point that is not finite is left out
  EXPECT_THROW(to_svg({.regions = {0, 1, 0, 1, 2, {0, 0, 0}}}), ShapeError);
}

TEST(Chart, HistogramsCountEveryFiniteValue) {
  const Series s = histogram("values", {0, 1, 1, 4, NAN}, 4);
  EXPECT_EQ(s.x, (std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(s.y, (std::vector<double>{0, 1, 1, 2, 2, 0, 0, 1, 1, 0}));
  EXPECT_TRUE(histogram("none", {}).x.empty());
  EXPECT_EQ(histogram("one", {3, 3}, 2).y, (std::vector<double>{0, 2, 2, 0, 0, 0}));
  EXPECT_THROW(histogram("none", {1}, 0), ShapeError);
}

TEST(Terminal, DrawsTwoRowsALine) {
  const GreyPicture p{3, 2, {1, 0, 1, 1, 0, 1}};
  EXPECT_EQ(draw_picture(p, Ink::kBlocks), (std::vector<std::string>{"█▄", " ▀"}));
  EXPECT_EQ(draw_picture(p, Ink::kAscii), (std::vector<std::string>{"@+", " +"}));
  EXPECT_EQ(draw_row({p}, {"abc"}, Ink::kAscii), "  @+\n   +\n  ab\n");
}

TEST(Terminal, BarsHaveTheWidthAskedFor) {
  EXPECT_EQ(draw_bar(0.5, 4, Ink::kAscii), "##  ");
  EXPECT_EQ(draw_bar(2, 3, Ink::kAscii), "###");
  EXPECT_EQ(draw_bar(NAN, 3, Ink::kAscii), "   ");
  EXPECT_EQ(draw_bar(0.3125, 2, Ink::kBlocks), "▋ ");
}

}  // namespace
}  // namespace rush::io
